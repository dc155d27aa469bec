package main

import (
	"context"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// probe is head.Linear with a C of that value divided by the number of features,
// so that the score of a film varies alike whatever their number.
type probe float64

func (p probe) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	input, err := train.Check()
	if err != nil {
		return nil, err
	}
	l := &head.Linear{C: float64(p) / float64(input.Dim)}
	return l.Fit(ctx, train, nil)
}

// tuned is the probe of highest AUC in a cross-validation within the training
// films.
type tuned struct{}

var strengths = []probe{0.03, 0.1, 0.3, 1, 3, 10}

func (tuned) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	best, highest := strengths[0], math.Inf(-1)
	for _, p := range strengths {
		s, err := outOfFold(ctx, p, train, 4)
		if err != nil {
			return nil, err
		}
		report, err := head.Evaluate(s, train)
		if err != nil {
			return nil, err
		}
		if auc := report.Findings[0].AUC.Value; auc > highest {
			best, highest = p, auc
		}
	}
	return best.Fit(ctx, train, nil)
}

// nearest scores a film by the share of positives among the neighbors nearest
// to it by cosine, after standardizing the features; each counts by closeness.
type nearest struct{}

const neighbors = 20

func (nearest) Fit(_ context.Context, train, _ *head.Dataset) (head.Head, error) {
	input, err := train.Check()
	if err != nil {
		return nil, err
	}
	positives, negatives, err := train.Classes(0)
	if err != nil {
		return nil, err
	}
	h := &nearestHead{findings: train.Findings, input: input}
	h.standardize(train)
	for label, places := range [][]int{negatives, positives} {
		for _, i := range places {
			h.films = append(h.films, neighbor{h.direction(train.Examples[i].Embedding), float64(label)})
		}
	}
	return h, nil
}

type nearestHead struct {
	findings    []string
	input       head.Input
	mean, scale []float64
	films       []neighbor
}

type neighbor struct {
	direction []float64 // of length 1
	label     float64   // 0 or 1; of a distance, the label of the film there
}

func (h *nearestHead) standardize(d *head.Dataset) {
	h.mean, h.scale = make([]float64, h.input.Dim), make([]float64, h.input.Dim)
	n := float64(len(d.Examples))
	row := make([]float32, 0, h.input.Dim)
	for _, e := range d.Examples {
		for j, v := range e.Embedding.Mean(row) {
			h.mean[j] += float64(v) / n
		}
	}
	for _, e := range d.Examples {
		for j, v := range e.Embedding.Mean(row) {
			h.scale[j] += (float64(v) - h.mean[j]) * (float64(v) - h.mean[j]) / n
		}
	}
	for j, variance := range h.scale {
		if h.scale[j] = 0; variance > 1e-12 {
			h.scale[j] = 1 / math.Sqrt(variance)
		}
	}
}

func (h *nearestHead) direction(e *cxr.Embedding) []float64 {
	d := make([]float64, h.input.Dim)
	var squares float64
	for j, v := range e.Mean(make([]float32, 0, h.input.Dim)) {
		d[j] = (float64(v) - h.mean[j]) * h.scale[j]
		squares += d[j] * d[j]
	}
	for j := range d {
		d[j] /= math.Sqrt(max(squares, 1e-12))
	}
	return d
}

func (h *nearestHead) Findings() []string { return h.findings }

func (h *nearestHead) Predict(e *cxr.Embedding) ([]float64, error) {
	if err := h.input.Check(e); err != nil {
		return nil, err
	}
	type vote struct{ cosine, label float64 }
	votes := make([]vote, len(h.films))
	d := h.direction(e)
	for i, f := range h.films {
		votes[i].label = f.label
		for j, v := range f.direction {
			votes[i].cosine += v * d[j]
		}
	}
	slices.SortFunc(votes, func(a, b vote) int {
		switch {
		case a.cosine > b.cosine:
			return -1
		case a.cosine < b.cosine:
			return 1
		}
		return 0
	})
	var sum, weights float64
	for _, v := range votes[:min(neighbors, len(votes))] {
		w := math.Exp(v.cosine / 0.1)
		sum, weights = sum+w*v.label, weights+w
	}
	return []float64{sum / weights}, nil
}
