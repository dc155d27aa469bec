package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Rule is a way to choose an operating point.
type Rule int

// Rules.
const (
	Youden        Rule = iota // where sensitivity + specificity is largest
	AtSensitivity             // the highest threshold with at least this sensitivity
	AtSpecificity             // the lowest threshold with at least this specificity
	AtThreshold               // this threshold
)

// String is "youden", "sensitivity", "specificity" or "threshold".
func (r Rule) String() string {
	names := []string{"youden", "sensitivity", "specificity", "threshold"}
	if r < 0 || int(r) >= len(names) {
		return fmt.Sprintf("rule %d", int(r))
	}
	return names[r]
}

// An OperatingPoint is what happens if films with a probability of at least
// Threshold are called positive. Intervals are Wilson's at effective numbers of
// films, by patient.
type OperatingPoint struct {
	Rule      string
	Threshold float64
	ChosenOn  int // films, when the head was made; 0: not told, or chosen on the films that it is judged on

	TruePositives, FalseNegatives int
	TrueNegatives, FalsePositives int

	Sensitivity, Specificity Interval
	PPV, NPV                 Interval // predictive values at this set's prevalence; not a number if no film is called so

	sensitivity, specificity stats.Share
}

// String is a line, such as "youden: threshold 0.412, sensitivity 0.84 (0.61 to
// 0.95), specificity 0.91 (0.83 to 0.96)".
func (p OperatingPoint) String() string {
	return fmt.Sprintf("%s: threshold %.3g, sensitivity %v, specificity %v", p.Rule, p.Threshold, p.Sensitivity, p.Specificity)
}

// chosenOn is like ", chosen on 120 films", or empty.
func (p OperatingPoint) chosenOn() string {
	if p.ChosenOn == 0 {
		return ""
	}
	return fmt.Sprintf(", chosen on %s", count(p.ChosenOn, "film"))
}

// PredictiveValues are those at another prevalence, 0..1, such as that of the
// clinic where the head is to be used: these films' own is often a study's. They
// follow from sensitivity and specificity, with intervals by the logit method
// (Mercaldo, Lau and Zhou 2007).
func (p OperatingPoint) PredictiveValues(prevalence float64) (positive, negative Interval, err error) {
	if !(prevalence > 0 && prevalence < 1) {
		return unknown, unknown, fmt.Errorf("report: prevalence %v, want it between 0 and 1", prevalence)
	}
	a, b := stats.PredictiveValues(p.sensitivity, p.specificity, prevalence)
	return Interval(a), Interval(b), nil
}

// At is the operating point that a rule chooses on these films: [Youden] (value
// is not used), [AtSensitivity], [AtSpecificity] or [AtThreshold]. A point that
// was chosen on the films that it is judged on looks better than it is: choose
// on tuning films with [Choose].
func (f *FindingReport) At(rule Rule, value float64) (OperatingPoint, error) {
	threshold, err := f.threshold(rule, value)
	if err != nil {
		return OperatingPoint{}, err
	}
	return f.point(ruleName(rule, value), threshold), nil
}

func ruleName(rule Rule, value float64) string {
	if rule == Youden {
		return rule.String()
	}
	return fmt.Sprintf("%s %v", rule, value)
}

func (f *FindingReport) threshold(rule Rule, value float64) (float64, error) {
	if rule != Youden && !(value >= 0 && value <= 1) {
		return 0, fmt.Errorf("report: operating point at %s %v, want 0 to 1", rule, value)
	}
	chosen := -1
	switch rule {
	case AtThreshold:
		return value, nil
	case Youden:
		best := math.Inf(-1)
		for i, p := range f.ROC {
			if j := p.Sensitivity + p.Specificity; j > best {
				best, chosen = j, i
			}
		}
	case AtSensitivity:
		chosen = slices.IndexFunc(f.ROC, func(p ROCPoint) bool { return p.Sensitivity >= value })
	case AtSpecificity:
		for i, p := range f.ROC {
			if p.Specificity >= value {
				chosen = i
			}
		}
	default:
		return 0, fmt.Errorf("report: no %v for an operating point, want %v, %v, %v or %v", rule, Youden, AtSensitivity, AtSpecificity, AtThreshold)
	}
	return min(f.ROC[chosen].Threshold, head.MaxThreshold), nil
}

func (f *FindingReport) point(rule string, threshold float64) OperatingPoint {
	called := func(film stats.Film) bool { return film.Probability >= threshold }
	positive := func(film stats.Film) bool { return film.Positive }
	not := func(of func(stats.Film) bool) func(stats.Film) bool {
		return func(film stats.Film) bool { return !of(film) }
	}
	s := &f.sample
	p := OperatingPoint{
		Rule: rule, Threshold: threshold,
		sensitivity: s.shareOf(positive, called), specificity: s.shareOf(not(positive), not(called)),
	}
	p.PPV, p.NPV = interval(s.shareOf(called, positive)), interval(s.shareOf(not(called), not(positive)))
	p.Sensitivity, p.Specificity = interval(p.sensitivity), interval(p.specificity)
	p.TruePositives, p.TrueNegatives = p.sensitivity.Successes, p.specificity.Successes
	p.FalseNegatives, p.FalsePositives = p.sensitivity.Films-p.TruePositives, p.specificity.Films-p.TrueNegatives
	return p
}

// pointsAt fills Points from the thresholds that are of this finding.
func (f *FindingReport) pointsAt(thresholds []head.Threshold) {
	for _, t := range thresholds {
		if t.Finding == f.Finding {
			p := f.point(t.Rule, t.Value)
			p.ChosenOn = t.Films
			f.Points = append(f.Points, p)
		}
	}
}

// Choose is the model with one more threshold for each finding, chosen by rule
// on films that it was not trained on (see [FindingReport.At]). It is saved with
// the model and judged by [Evaluate].
func Choose(m *head.Model, d *head.Dataset, rule Rule, value float64) (*head.Model, error) {
	r, err := Evaluate(m, d, nil)
	if err != nil {
		return nil, err
	}
	s := m.Spec()
	for i := range r.Findings {
		threshold, err := r.Findings[i].threshold(rule, value)
		if err != nil {
			return nil, err
		}
		s.Thresholds = append(s.Thresholds, head.Threshold{Finding: r.Findings[i].Finding, Rule: ruleName(rule, value), Value: threshold, Films: r.Findings[i].Films})
	}
	return head.NewModel(s)
}
