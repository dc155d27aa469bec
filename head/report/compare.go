package report

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Comparison is how two heads differ on the same films.
type Comparison struct {
	Finding    string
	A, B       Interval // areas
	Difference Interval // A - B; its ends are unknown where nothing can be said
	P          float64  // two-sided, for no difference; NaN below ten patients with the finding, or without
	Holm       float64  // P corrected for the number of findings: at most 5 % risk of any false difference
	Discovery  float64  // likewise, at most 5 % of differences found are false (Benjamini and Hochberg)

	// Sensitivity and Specificity compare shares of films at each head's first
	// threshold, or 0.5: McNemar's exact test by patient.
	Sensitivity, Specificity SharesCompared

	difference stats.Difference
}

// SharesCompared are two heads' shares on the same films.
type SharesCompared struct {
	Difference Interval // A - B, by patient
	P          float64  // two-sided, for no difference
}

// Compare tests two heads on the same films, finding by finding: the paired
// test of DeLong et al. (1988), with films grouped by patient (Obuchowski 1997)
// and Student's t, which keeps its promise down to ten patients of each class.
func Compare(a, b head.Head, test *head.Dataset) ([]Comparison, error) {
	sa, err := score(a, test)
	if err != nil {
		return nil, err
	}
	sb, err := score(b, test)
	if err != nil {
		return nil, err
	}
	var all []Comparison
	var p []float64
	for f, name := range test.Findings {
		x, y := stats.NewAUC(stats.Classes(sa[f].films)), stats.NewAUC(stats.Classes(sb[f].films))
		d := stats.Compare(x, y)
		c := Comparison{
			Finding: name, A: Interval{x.Value, x.Low, x.High}, B: Interval{y.Value, y.Low, y.High},
			Difference: Interval{d.Value, d.Low, d.High}, P: d.P, difference: d,
		}
		ta, tb := firstThreshold(a, name), firstThreshold(b, name)
		c.Sensitivity = comparedShares(sa[f].films, sb[f].films, ta, tb, true)
		c.Specificity = comparedShares(sa[f].films, sb[f].films, ta, tb, false)
		all, p = append(all, c), append(p, d.P)
	}
	correct(all, p)
	return all, nil
}

// correct fills in p values corrected for their number.
func correct(all []Comparison, p []float64) {
	holm, discovery := stats.Holm(p), stats.BenjaminiHochberg(p)
	for f := range all {
		all[f].Holm, all[f].Discovery = holm[f], discovery[f]
	}
}

// NonInferiority is the one-sided p value for A being worse than B by margin or
// more, in AUC: at most 0.025, it is excluded. It is NaN where P is. The margin is
// to be set beforehand.
func (c Comparison) NonInferiority(margin float64) float64 {
	return c.difference.NonInferiority(margin)
}

// firstThreshold of a finding that a head brings, or 0.5.
func firstThreshold(h head.Head, finding string) float64 {
	if m, ok := h.(*head.Model); ok {
		for _, t := range m.Spec().Thresholds {
			if t.Finding == finding {
				return t.Value
			}
		}
	}
	return 0.5
}

func comparedShares(a, b []stats.Film, ta, tb float64, positive bool) SharesCompared {
	var pairs []stats.Pair
	for i, f := range a {
		if f.Positive == positive {
			pairs = append(pairs, stats.Pair{Patient: f.Patient, A: f.Probability >= ta == positive, B: b[i].Probability >= tb == positive})
		}
	}
	d := stats.ComparePairs(pairs)
	return SharesCompared{Interval{d.Value, d.Low, d.High}, d.P}
}

// String is a line of the two areas, their difference and its p value.
func (c Comparison) String() string {
	p := "p unknown: too few patients"
	if !math.IsNaN(c.P) {
		p = fmt.Sprintf("p %.2g", c.P)
	}
	difference := fmt.Sprintf("%.3f", c.Difference.Value)
	if !math.IsNaN(c.Difference.Low) {
		difference += fmt.Sprintf(" (%.3f to %.3f)", c.Difference.Low, c.Difference.High)
	}
	return fmt.Sprintf("%s: AUC %.3f and %.3f, difference %s, %s", c.Finding, c.A.Value, c.B.Value, difference, p)
}

// A Bootstrapped report holds intervals of figures that have no formula for
// one. Where there are too few patients to say, an interval's ends are unknown.
type Bootstrapped struct {
	Rounds                          int // that held both classes
	AUC, AUPRC, Brier, LogLoss, ECE Interval
}

// Bootstrap resamples the patients, each with all films, with replacement, so
// many times (1000 do for a 95 % interval), and makes BCa intervals (Efron 1987).
// The same seed gives the same intervals on every machine. Rounds without a film
// of each class do not count; where more than half are such, there are too few
// patients, and that is an error. Of the area and the precision it says nothing
// below twenty patients of a class, where bootstrapped intervals are too narrow:
// the interval of AUC is then the report's own.
func (f *FindingReport) Bootstrap(rounds int, seed uint64) (*Bootstrapped, error) {
	if rounds < 40 {
		return nil, fmt.Errorf("report: %d bootstrap rounds, want at least 40 for a 95 %% interval", rounds)
	}
	b, err := stats.Bootstrap(f.sample.films, rounds, seed)
	if err != nil {
		return nil, fmt.Errorf("report: finding %q: %w", f.Finding, err)
	}
	out := &Bootstrapped{
		Rounds: b.Rounds, AUC: Interval(b.AUC), AUPRC: Interval(b.AUPRC), Brier: Interval(b.Brier), LogLoss: Interval(b.LogLoss), ECE: Interval(b.ECE),
	}
	if math.IsNaN(out.AUC.Low) {
		out.AUC = f.AUC
	}
	return out, nil
}
