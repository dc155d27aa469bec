package head

import (
	"cmp"
	"context"
	"slices"

	"github.com/cxrkit/cxrkit/internal/logistic"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// choose finds the candidate for C that predicts finding f best on films that
// it was not fitted on.
func (l Linear) choose(ctx context.Context, train, tune *Dataset, f int) (float64, error) {
	train, err := train.Only(train.Findings[f])
	if err != nil {
		return 0, err
	}
	var folds []Fold
	if tune != nil && len(tune.Examples) > 0 {
		if _, err = tune.Check(); err == nil {
			tune, err = tune.Only(train.Findings...)
		}
		folds = []Fold{{Train: train, Test: tune}}
	} else {
		folds, err = l.folds(train)
	}
	if err != nil {
		return 0, err
	}
	candidates := slices.Clone(l.Candidates)
	slices.SortFunc(candidates, cmp.Compare[float64])
	losses := make([]float64, len(candidates))
	for _, fold := range folds {
		if err := l.addLosses(ctx, fold, candidates, losses); err != nil {
			return 0, err
		}
	}
	return candidates[slices.Index(losses, slices.Min(losses))], nil
}

// folds of the films that count. Each must be able to train.
func (l Linear) folds(d *Dataset) ([]Fold, error) {
	k := l.Folds
	if k == 0 {
		k = 5
	}
	var known []int
	for i, e := range d.Examples {
		if e.Labels[0] != Missing && d.Weight(i) > 0 {
			known = append(known, i)
		}
	}
	folds, err := KFold(d.Subset(known), k, l.Seed)
	if err != nil {
		return nil, err
	}
	for _, fold := range folds {
		if _, _, err := fold.Train.Classes(0); err != nil {
			return nil, err
		}
	}
	return folds, nil
}

// addLosses adds the weighted log losses on a fold's test films for each
// candidate, from the strongest penalty to the weakest, each fit starting from
// the last.
func (l Linear) addLosses(ctx context.Context, fold Fold, candidates, losses []float64) error {
	space, err := fold.Train.Check()
	if err != nil {
		return err
	}
	x := newDesign(fold.Train, space.Dim, l.Raw)
	var start *logistic.Solution
	for k, c := range candidates {
		p, err := l.problem(fold.Train, x, 0, c)
		if err != nil {
			return err
		}
		if start, err = p.Solve(ctx, start, max(l.tolerance(), 1e-4)); err != nil {
			return err
		}
		m, err := NewModel(Spec{
			Findings: fold.Train.Findings, Space: space, Mean: x.mean, Scale: x.scale,
			Layers: []Layer{{In: space.Dim, Out: 1, Weights: start.Weights, Bias: []float64{start.Intercept}}},
		})
		if err != nil {
			return err
		}
		for i, e := range fold.Test.Examples {
			if e.Labels[0] == Missing {
				continue
			}
			z, err := m.logOdds(e.Embedding)
			if err != nil {
				return err
			}
			losses[k] += fold.Test.Weight(i) * stats.CrossEntropy(z[0], class(e.Labels[0]))
		}
	}
	return nil
}

// class of a label that is known: 1 or 0.
func class(l Label) float64 {
	if l == Positive {
		return 1
	}
	return 0
}
