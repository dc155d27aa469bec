package head

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Head is a trained classifier: immutable and safe for concurrent use.
type Head interface {
	// Findings names what Predict scores, in order.
	Findings() []string

	// Predict gives the probability of each finding, 0..1, in the order of
	// Findings. An embedding of another model, recipe or shape than the head
	// was trained on is refused with [cxr.ErrMismatch].
	Predict(e *cxr.Embedding) ([]float64, error)
}

// A Trainer makes heads. Fit learns from train; tune, which may be nil, serves
// choices made on the way (when to stop, how much to regularize). Neither is
// changed or kept. Fit returns soon after ctx ends, with its error.
type Trainer interface {
	Fit(ctx context.Context, train, tune *Dataset) (Head, error)
}

// An inputKind is what a head was trained on, and all it accepts.
type inputKind struct {
	model, recipe string
	tokens, dim   int
}

func kindOf(e *cxr.Embedding) inputKind { return inputKind{e.Model, e.Recipe, e.Tokens, e.Dim} }

func (k inputKind) String() string {
	return fmt.Sprintf("%d x %d of model %q, recipe %q", k.tokens, k.dim, k.model, k.recipe)
}

func (k inputKind) check(e *cxr.Embedding) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if got := kindOf(e); got != k {
		return fmt.Errorf("%w: embedding is %v, the head was trained on %v", cxr.ErrMismatch, got, k)
	}
	return nil
}

// check reports the first reason why nothing can be learned from d, or
// measured on it.
func (d *Dataset) check() (inputKind, error) {
	if d == nil || len(d.Examples) == 0 {
		return inputKind{}, fmt.Errorf("head: no films")
	}
	if len(d.Findings) == 0 {
		return inputKind{}, fmt.Errorf("head: no findings")
	}
	if d.Weights != nil && len(d.Weights) != len(d.Examples) {
		return inputKind{}, fmt.Errorf("head: %d weights for %d films", len(d.Weights), len(d.Examples))
	}
	var kind inputKind
	for i, e := range d.Examples {
		if len(e.Labels) != len(d.Findings) {
			return kind, fmt.Errorf("head: film %d has %d labels for %d findings", i, len(e.Labels), len(d.Findings))
		}
		if i == 0 && e.Embedding != nil {
			kind = kindOf(e.Embedding)
		}
		if err := kind.check(e.Embedding); err != nil {
			return kind, fmt.Errorf("head: film %d: %w", i, err)
		}
	}
	return kind, nil
}

// classes are the places of the films with a known label of finding f, apart.
// A class without a film is an error.
func (d *Dataset) classes(f int) (positives, negatives []int, err error) {
	for i, e := range d.Examples {
		if d.Weights != nil && d.Weights[i] == 0 {
			continue
		}
		switch e.Labels[f] {
		case Positive:
			positives = append(positives, i)
		case Negative:
			negatives = append(negatives, i)
		}
	}
	if len(positives) == 0 || len(negatives) == 0 {
		return nil, nil, fmt.Errorf("head: finding %q: %d films with it and %d without, want some of each",
			d.Findings[f], len(positives), len(negatives))
	}
	return positives, negatives, nil
}
