package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A sample is the films of a test set whose label of one finding is known, with
// their scores, and where each stands in the test set.
type sample struct {
	finding string
	films   []stats.Film
	places  []int
	missing int
}

// A scorer gives probabilities and what films are ranked by.
type scorer func(e *cxr.Embedding) (probabilities, ranks []float64, err error)

func scorerOf(h head.Head) scorer {
	if m, ok := h.(*head.Model); ok {
		return m.Scores
	}
	return func(e *cxr.Embedding) (p, ranks []float64, err error) {
		p, err = h.Predict(e)
		return p, p, err
	}
}

// score predicts all films, once each.
func score(h head.Head, test *head.Dataset) ([]sample, error) {
	if _, err := test.Check(); err != nil {
		return nil, err
	}
	column := make([]int, len(test.Findings))
	for f, name := range test.Findings {
		if column[f] = slices.Index(h.Findings(), name); column[f] < 0 {
			return nil, fmt.Errorf("report: the head does not know finding %q, only %q", name, h.Findings())
		}
	}
	samples, err := newSamples(test)
	if err != nil {
		return nil, err
	}
	patient := patientNumbers(test)
	scores := scorerOf(h)
	for i, e := range test.Examples {
		p, ranks, err := scores(e.Embedding)
		if err != nil {
			return nil, fmt.Errorf("report: film %d: %w", i, err)
		}
		for f, c := range column {
			if err := samples[f].add(test, i, f, p[c], ranks[c], patient[i]); err != nil {
				return nil, err
			}
		}
	}
	return samples, nil
}

// newSamples checks that there is something to count, equally.
func newSamples(test *head.Dataset) ([]sample, error) {
	for i := range test.Examples {
		if w := test.Weight(i); w != 0 && w != 1 {
			return nil, fmt.Errorf("report: film %d has the weight %v: films count equally here, want 1, or 0 to leave a film out", i, w)
		}
	}
	samples := make([]sample, len(test.Findings))
	for f, name := range test.Findings {
		if _, _, err := test.Classes(f); err != nil {
			return nil, err
		}
		samples[f].finding = name
	}
	return samples, nil
}

func patientNumbers(d *head.Dataset) []int {
	patient := make([]int, len(d.Examples))
	for p, films := range d.Patients() {
		for _, i := range films {
			patient[i] = p
		}
	}
	return patient
}

// add takes film i with its label of finding f, if that is known.
func (s *sample) add(test *head.Dataset, i, f int, p, rank float64, patient int) error {
	if !(p >= 0 && p <= 1) || math.IsNaN(rank) {
		return fmt.Errorf("report: film %d: probability %v of %q", i, p, s.finding)
	}
	switch l := test.Examples[i].Labels[f]; {
	case test.Weight(i) == 0:
	case l == head.Missing:
		s.missing++
	default:
		s.films = append(s.films, stats.Film{Score: rank, Probability: p, Patient: patient, Positive: l == head.Positive})
		s.places = append(s.places, i)
	}
	return nil
}

// report makes all figures of the films.
func (s *sample) report() FindingReport {
	return s.reportWith(stats.NewAUC(stats.Classes(s.films)))
}

func (s *sample) reportWith(auc stats.AUC) FindingReport {
	pos, neg := s.probabilities()
	f := FindingReport{
		Finding: s.finding, Films: len(s.films), Positives: len(pos), Missing: s.missing, Patients: s.patients(),
		PositivePatients: auc.PositivePatients, NegativePatients: auc.NegativePatients,
		AUC: Interval{auc.Value, auc.Low, auc.High}, ROC: roc(pos, neg), Calibration: s.bins(),
		PerfectECE: stats.PerfectECE(s.films), sample: *s, auc: auc,
	}
	figures := stats.FiguresOf(s.films)
	f.AUPRC, f.Brier, f.LogLoss, f.ECE = figures.AUPRC, figures.Brier, figures.LogLoss, figures.ECE
	c := stats.Recalibrate(s.films)
	f.CalibrationSlope, f.CalibrationIntercept = Interval(c.Slope), Interval(c.Intercept)
	f.Smooth = s.smooth()
	f.PR = precisionRecall(f.ROC, len(pos), len(neg))
	f.warn()
	return f
}

// probabilities by class, ascending.
func (s *sample) probabilities() (positives, negatives []float64) {
	for _, f := range s.films {
		if f.Positive {
			positives = append(positives, f.Probability)
		} else {
			negatives = append(negatives, f.Probability)
		}
	}
	slices.Sort(positives)
	slices.Sort(negatives)
	return positives, negatives
}

func (s *sample) patients() int {
	seen := map[int]bool{}
	for _, f := range s.films {
		seen[f.Patient] = true
	}
	return len(seen)
}

// shareOf is the share of the films that belong for which good is true, with
// its interval by patient; unknown of no films.
func (s *sample) shareOf(belongs, good func(f stats.Film) bool) stats.Share {
	var outcomes []stats.Outcome
	for _, f := range s.films {
		if belongs(f) {
			outcomes = append(outcomes, stats.Outcome{Patient: f.Patient, Success: good(f)})
		}
	}
	return stats.NewShare(outcomes)
}

func interval(s stats.Share) Interval { return Interval{s.Value, s.Low, s.High} }
