package head

import (
	"fmt"
	"sort"

	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Method is a way to recalibrate.
type Method int

// Methods.
const (
	Platt    Method = iota // a logistic curve of the log odds (Platt 1999); for few films
	Isotonic               // a rising step curve, joined by lines; for a thousand films and more
)

// String is "platt" or "isotonic".
func (m Method) String() string {
	switch m {
	case Platt:
		return "platt"
	case Isotonic:
		return "isotonic"
	}
	return fmt.Sprintf("method %d", int(m))
}

// A Calibration turns the log odds of a finding into a probability. Without
// knots it is Platt's curve, sigmoid(Slope*z + Intercept).
type Calibration struct {
	Slope     float64 `json:"slope,omitempty"`
	Intercept float64 `json:"intercept,omitempty"`

	// Knots of a curve that is level before the first and after the last: log
	// odds ascending, probabilities 0..1 never falling.
	LogOdds     []float64 `json:"log_odds,omitempty"`
	Probability []float64 `json:"probability,omitempty"`

	Films int `json:"films,omitempty"` // that it was fitted to; 0: not told
}

// Apply is the probability at log odds z.
func (c Calibration) Apply(z float64) float64 {
	if len(c.LogOdds) == 0 {
		return sigmoid(c.Slope*z + c.Intercept)
	}
	k := sort.SearchFloat64s(c.LogOdds, z)
	switch {
	case k == 0:
		return c.Probability[0]
	case k == len(c.LogOdds):
		return c.Probability[k-1]
	}
	t := (z - c.LogOdds[k-1]) / (c.LogOdds[k] - c.LogOdds[k-1])
	return c.Probability[k-1] + t*(c.Probability[k]-c.Probability[k-1])
}

func (c Calibration) check() error {
	if len(c.LogOdds) != len(c.Probability) {
		return fmt.Errorf("calibration curve of %d log odds and %d probabilities", len(c.LogOdds), len(c.Probability))
	}
	if !finite([]float64{c.Slope, c.Intercept}) || !finite(c.LogOdds) || !finite(c.Probability) {
		return fmt.Errorf("calibration is not finite")
	}
	for k := range c.LogOdds {
		if p := c.Probability[k]; p < 0 || p > 1 || k > 0 && (c.LogOdds[k] <= c.LogOdds[k-1] || p < c.Probability[k-1]) {
			return fmt.Errorf("calibration curve is not in order at knot %d", k)
		}
	}
	return nil
}

// Calibrate is the model with probabilities fitted to films that it was not
// trained on, by [Platt] or [Isotonic]. It replaces an earlier calibration and
// leaves out thresholds, which no longer hold.
func (m *Model) Calibrate(d *Dataset, method Method) (*Model, error) {
	if method != Platt && method != Isotonic {
		return nil, fmt.Errorf("head: no calibration by %v, want %v or %v", method, Platt, Isotonic)
	}
	if _, err := d.Check(); err != nil {
		return nil, err
	}
	d, err := d.Only(m.spec.Findings...)
	if err != nil {
		return nil, err
	}
	s := m.Spec()
	s.Thresholds, s.Calibrations = nil, nil
	logOdds := make([][]float64, len(d.Examples))
	for i, e := range d.Examples {
		if logOdds[i], err = m.logOdds(e.Embedding); err != nil {
			return nil, fmt.Errorf("film %d: %w", i, err)
		}
	}
	for f := range s.Findings {
		positives, negatives, err := d.Classes(f)
		if err != nil {
			return nil, err
		}
		pick := func(at []int) []float64 {
			z := make([]float64, len(at))
			for k, i := range at {
				z[k] = logOdds[i][f]
			}
			return z
		}
		pos, neg := pick(positives), pick(negatives)
		if method == Platt {
			slope, intercept := stats.Platt(pos, neg)
			s.Calibrations = append(s.Calibrations, Calibration{Slope: slope, Intercept: intercept, Films: len(pos) + len(neg)})
		} else {
			z, p := stats.Isotonic(pos, neg)
			s.Calibrations = append(s.Calibrations, Calibration{LogOdds: z, Probability: p, Films: len(pos) + len(neg)})
		}
	}
	return NewModel(s)
}
