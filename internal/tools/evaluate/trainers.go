package main

import (
	"context"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/search"
)

// A trainer makes heads of any kind, where a [head.Trainer] makes models that can
// be saved.
type trainer interface {
	Fit(ctx context.Context, train, tune *head.Dataset) (head.Head, error)
}

// probe is head.Linear with a C of that value divided by the number of features,
// so that the score of a film varies alike whatever their number.
type probe float64

func (p probe) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	space, err := train.Check()
	if err != nil {
		return nil, err
	}
	l := head.Linear{C: float64(p) / float64(space.Dim)}
	return l.Fit(ctx, train, nil)
}

// tuned is head.Linear with a C chosen by cross-validation within the training
// films.
type tuned struct{}

func (tuned) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	space, err := train.Check()
	if err != nil {
		return nil, err
	}
	l := head.Linear{}
	for _, c := range []float64{0.03, 0.1, 0.3, 1, 3, 10} {
		l.Candidates = append(l.Candidates, c/float64(space.Dim))
	}
	return l.Fit(ctx, train, nil)
}

// nearest scores a film by the films nearest to it, each counting by its
// closeness.
type nearest struct{}

const (
	neighbors = 20
	softness  = 0.1 // difference of cosine that makes a neighbor count e times less
)

func (nearest) Fit(_ context.Context, train, _ *head.Dataset) (head.Head, error) {
	space, err := train.Check()
	if err != nil {
		return nil, err
	}
	positives, negatives, err := train.Classes(0)
	if err != nil {
		return nil, err
	}
	h := &nearestHead{findings: train.Findings, space: space}
	var films []*cxr.Embedding
	for label, places := range [][]int{negatives, positives} {
		for _, i := range places {
			films = append(films, train.Examples[i].Embedding)
			h.labels = append(h.labels, float64(label))
		}
	}
	h.index, err = search.NewIndex(films)
	return h, err
}

type nearestHead struct {
	findings []string
	space    cxr.Space
	index    *search.Index
	labels   []float64 // of the films in the index, 0 or 1
}

func (h *nearestHead) Findings() []string { return h.findings }

func (h *nearestHead) Predict(e *cxr.Embedding) ([]float64, error) {
	if err := e.Check(h.space); err != nil {
		return nil, err
	}
	matches, err := h.index.Nearest(context.Background(), e, neighbors)
	if err != nil {
		return nil, err
	}
	var sum, weights float64
	for _, m := range matches {
		w := math.Exp(m.Similarity / softness)
		sum, weights = sum+w*h.labels[m.At], weights+w
	}
	return []float64{sum / weights}, nil
}
