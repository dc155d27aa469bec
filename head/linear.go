package head

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/internal/logistic"
	"github.com/cxrkit/cxrkit/internal/standard"
)

// Linear trains a linear probe: for each finding a logistic regression on the
// mean over the tokens, with standardized features and a free intercept. It
// converges to the optimum, so equal data give equal heads. The zero Linear is
// ready. Parameters have the meanings that they have in scikit-learn's
// LogisticRegression: the loss is
//
//	C * sum of weight * log loss + (1-L1Ratio)/2 * |w|^2 + L1Ratio * |w|_1
type Linear struct {
	// C is the inverse strength of the penalty. 0 means 10/Dim, which gives the
	// log odds of a film a prior deviation of about 3 whatever the number of
	// features.
	C float64

	// L1Ratio is the share of the L1 penalty, 0 (ridge) to 1 (lasso).
	L1Ratio float64

	// Candidates are values of C to choose from, for each finding, by the log
	// loss on tune if there is such a set, and else in cross-validation of
	// Folds (0: 5) folds that keep patients together, dealt by Seed. If losses
	// are equal the strongest penalty is taken. Nil: no choice, C.
	Candidates []float64
	Folds      int
	Seed       uint64

	// Balanced weighs films so that both classes of a finding count the same;
	// PositiveWeight is the weight of a film with the finding beside one
	// without (0: 1). At most one of them may be set.
	Balanced       bool
	PositiveWeight float64

	// Raw leaves the features as they are. Otherwise each is shifted and scaled
	// to mean 0 and deviation 1 over the training films, and one that never
	// varies is left out.
	Raw bool

	// Tolerance bounds the error of the standardized features' weights,
	// divided by 1-L1Ratio. 0: 1e-7.
	Tolerance float64
}

// Fit implements [Trainer].
func (l Linear) Fit(ctx context.Context, train, tune *Dataset) (*Model, error) {
	space, err := train.Check()
	if err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	x := newDesign(train, space.Dim, l.Raw)
	s := Spec{
		Findings: train.Findings, Space: space, Mean: x.mean, Scale: x.scale,
		Layers:   []Layer{{In: space.Dim, Out: len(train.Findings)}},
		Training: NewTraining("linear", train, l.settings(space.Dim)),
	}
	for f, name := range train.Findings {
		c := l.strength(space.Dim)
		if l.Candidates != nil {
			if c, err = l.choose(ctx, train, tune, f); err != nil {
				return nil, fmt.Errorf("head: choosing C for %q: %w", name, err)
			}
			s.Training.Settings["C of "+name] = c
		}
		p, err := l.problem(train, x, f, c)
		if err != nil {
			return nil, err
		}
		w, err := p.Solve(ctx, nil, l.tolerance())
		if err != nil {
			return nil, fmt.Errorf("head: finding %q: %w", name, err)
		}
		s.Layers[0].Weights = append(s.Layers[0].Weights, w.Weights...)
		s.Layers[0].Bias = append(s.Layers[0].Bias, w.Intercept)
	}
	return NewModel(s)
}

func (l Linear) check() error {
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch {
	case l.C != 0 && !positive(l.C):
		return fmt.Errorf("head: C is %v, want a positive number", l.C)
	case !(l.L1Ratio >= 0 && l.L1Ratio <= 1):
		return fmt.Errorf("head: L1Ratio is %v, want 0 to 1", l.L1Ratio)
	case l.Folds < 0 || l.Folds == 1:
		return fmt.Errorf("head: %d folds, want at least 2", l.Folds)
	case l.PositiveWeight != 0 && !positive(l.PositiveWeight):
		return fmt.Errorf("head: PositiveWeight is %v, want a positive number", l.PositiveWeight)
	case l.PositiveWeight != 0 && l.Balanced:
		return errors.New("head: Balanced and PositiveWeight exclude each other")
	case l.Tolerance != 0 && !positive(l.Tolerance):
		return fmt.Errorf("head: Tolerance is %v, want a positive number", l.Tolerance)
	}
	for _, c := range l.Candidates {
		if !positive(c) {
			return fmt.Errorf("head: candidate %v for C, want positive numbers", c)
		}
	}
	return nil
}

func (l Linear) strength(dim int) float64 {
	if l.C == 0 {
		return 10 / float64(dim)
	}
	return l.C
}

func (l Linear) tolerance() float64 {
	if l.Tolerance == 0 {
		return 1e-7
	}
	return l.Tolerance
}

func (l Linear) settings(dim int) map[string]float64 {
	s := map[string]float64{"L1Ratio": l.L1Ratio}
	if l.Candidates == nil {
		s["C"] = l.strength(dim)
	}
	if l.Balanced {
		s["Balanced"] = 1
	}
	if l.PositiveWeight != 0 {
		s["PositiveWeight"] = l.PositiveWeight
	}
	return s
}

// problem is the regression of finding f on the films whose label is known.
func (l Linear) problem(d *Dataset, x *design, f int, c float64) (*logistic.Problem, error) {
	positives, negatives, err := d.Classes(f)
	if err != nil {
		return nil, err
	}
	p := &logistic.Problem{Mean: x.mean, Scale: x.scale, C: c, L1Ratio: l.L1Ratio}
	onPositive, onNegative := 1.0, 1.0
	if l.PositiveWeight != 0 {
		onPositive = l.PositiveWeight
	}
	if l.Balanced {
		total, positive := d.sum(positives)+d.sum(negatives), d.sum(positives)
		onPositive, onNegative = total/(2*positive), total/(2*(total-positive))
	}
	add := func(places []int, positive bool, class float64) {
		for _, i := range places {
			p.Rows = append(p.Rows, x.rows[i])
			p.Positive = append(p.Positive, positive)
			p.Weight = append(p.Weight, class*d.Weight(i))
		}
	}
	add(negatives, false, onNegative)
	add(positives, true, onPositive)
	return p, nil
}

// sum of the weights of films.
func (d *Dataset) sum(at []int) (total float64) {
	for _, i := range at {
		total += d.Weight(i)
	}
	return total
}

// NewTraining sums up what a head is trained on.
func NewTraining(trainer string, d *Dataset, settings map[string]float64) Training {
	t := Training{Trainer: trainer, Settings: settings, Films: len(d.Examples), Patients: len(d.Patients()), Counts: make([]Count, len(d.Findings))}
	for _, e := range d.Examples {
		for f, l := range e.Labels {
			switch l {
			case Positive:
				t.Counts[f].Positive++
			case Negative:
				t.Counts[f].Negative++
			default:
				t.Counts[f].Missing++
			}
		}
	}
	return t
}

// A design is the features of films with their standardization.
type design struct {
	rows        [][]float32
	mean, scale []float64
}

func newDesign(d *Dataset, dim int, raw bool) *design {
	x := &design{rows: d.Features()}
	if raw {
		x.mean, x.scale = standard.Raw(dim)
	} else {
		x.mean, x.scale = standard.Fit(x.rows, d.Weight, dim)
	}
	return x
}
