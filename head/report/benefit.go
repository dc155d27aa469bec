package report

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Benefit is what calling films positive at a threshold is worth (Vickers and
// Elkin 2006): the share of films rightly called, less that of films wrongly
// called times the odds of the threshold. Calling none is worth 0.
type Benefit struct {
	Threshold float64
	Head      Interval // by patient
	All       float64  // of calling all films positive
}

// NetBenefit at thresholds of probability, each 0 to below 1. The threshold is
// the probability from which one would act; probabilities must be calibrated.
func (f *FindingReport) NetBenefit(thresholds ...float64) ([]Benefit, error) {
	var list []Benefit
	for _, t := range thresholds {
		if !(t >= 0 && t < 1) {
			return nil, fmt.Errorf("report: net benefit at threshold %v, want 0 to below 1", t)
		}
		of, all := stats.NetBenefit(f.sample.films, t)
		list = append(list, Benefit{t, Interval(of), all})
	}
	return list, nil
}

// A BandPoint is how high the ROC curve is at a share of false positives, and
// within what the true one lies.
type BandPoint struct {
	FalsePositives float64 // 1 - specificity
	Sensitivity    Interval
}

// ROCBand is a band that holds the whole true ROC curve in 95 % of samples, from
// so many bootstrap rounds of patients (200 do). The same seed gives the same
// band.
func (f *FindingReport) ROCBand(rounds int, seed uint64) ([]BandPoint, error) {
	if rounds < 40 {
		return nil, fmt.Errorf("report: %d bootstrap rounds, want at least 40 for a 95 %% band", rounds)
	}
	var points []BandPoint
	for _, p := range stats.ROCBand(f.sample.films, f.auc, rounds, seed) {
		points = append(points, BandPoint{p.FalsePositives, Interval{p.Sensitivity, p.Low, p.High}})
	}
	return points, nil
}

// FilmsForHalf is how many films with the finding, and without, make the interval
// of the AUC about half as wide, at these films' share per patient. 0, 0 where
// nothing tells.
func (f *FindingReport) FilmsForHalf() (positives, negatives int) {
	factor := f.auc.MoreFilms()
	if math.IsNaN(factor) {
		return 0, 0
	}
	return int(math.Ceil(factor * float64(f.Positives))), int(math.Ceil(factor * float64(f.Films-f.Positives)))
}
