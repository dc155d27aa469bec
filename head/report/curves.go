package report

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/stats"
)

// roc walks the thresholds from above every score, where nothing is called
// positive, down to the lowest, where everything is. Scores come sorted.
func roc(positives, negatives []float64) []ROCPoint {
	thresholds := slices.Concat(positives, negatives)
	slices.Sort(thresholds)
	thresholds = slices.Compact(thresholds)
	slices.Reverse(thresholds)
	points := []ROCPoint{{math.Inf(1), 0, 1}}
	for _, t := range thresholds {
		sensitivity := float64(atLeast(positives, t)) / float64(len(positives))
		specificity := float64(len(negatives)-atLeast(negatives, t)) / float64(len(negatives))
		points = append(points, ROCPoint{t, sensitivity, specificity})
	}
	return points
}

// atLeast counts the sorted scores that reach the threshold.
func atLeast(sorted []float64, threshold float64) int {
	i, _ := slices.BinarySearch(sorted, threshold)
	return len(sorted) - i
}

// precisionRecall is the same walk in other coordinates. Where nothing is
// called positive, precision is 1 by convention.
func precisionRecall(roc []ROCPoint, positives, negatives int) []PRPoint {
	points := make([]PRPoint, len(roc))
	for i, p := range roc {
		points[i] = PRPoint{p.Threshold, p.Sensitivity, 1}
		found, alarms := p.Sensitivity*float64(positives), (1-p.Specificity)*float64(negatives)
		if found+alarms > 0 {
			points[i].Precision = found / (found + alarms)
		}
	}
	return points
}

// bins are those that hold films.
func (s *sample) bins() (out []Bin) {
	for k := range stats.CalibrationBins {
		var sum float64
		of := s.shareOf(func(f stats.Film) bool {
			if stats.CalibrationBin(f.Probability) != k {
				return false
			}
			sum += f.Probability
			return true
		}, func(f stats.Film) bool { return f.Positive })
		if of.Films > 0 {
			out = append(out, Bin{of.Films, sum / float64(of.Films), interval(of)})
		}
	}
	return out
}

// smoothPoints is the number of points of a smooth calibration curve.
const smoothPoints = 50

// smooth is the calibration curve between the least and the largest probability.
func (s *sample) smooth() (points []CalibrationPoint) {
	low, high := 1.0, 0.0
	for _, f := range s.films {
		low, high = min(low, f.Probability), max(high, f.Probability)
	}
	if low == high {
		return nil
	}
	at := make([]float64, smoothPoints+1)
	for i := range at {
		at[i] = low + (high-low)*float64(i)/smoothPoints
	}
	for i, v := range stats.SmoothCalibration(s.films, at) {
		points = append(points, CalibrationPoint{at[i], v})
	}
	return points
}
