package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

const (
	folds = 5
	seed  = 1
)

// lines writes the figures of one contender.
type lines struct {
	w         io.Writer
	contender string
}

// crossValidated is the AUC of a finding in d, each film scored by a head that
// saw no film of its patient.
func (l *lines) crossValidated(ctx context.Context, name string, t head.Trainer, d *head.Dataset, finding string) error {
	d, err := d.Only(finding)
	if err != nil {
		return err
	}
	scores, err := outOfFold(ctx, t, d, folds)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return l.write(name, scores, d)
}

// transferred is the AUC of a finding in test by a head that learned it in train.
func (l *lines) transferred(ctx context.Context, name string, t head.Trainer, train, test *head.Dataset, finding string) error {
	train, err := train.Only(finding)
	if err != nil {
		return err
	}
	if test, err = test.Only(finding); err != nil {
		return err
	}
	h, err := t.Fit(ctx, train, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return l.write(name, h, test)
}

func (l *lines) write(name string, h head.Head, test *head.Dataset) error {
	report, err := head.Evaluate(h, test)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f := report.Findings[0]
	_, err = fmt.Fprintf(l.w, "%s, %s | %.3f | %.3f | %.3f | %d\n", name, l.contender, f.AUC.Value, f.AUC.Low, f.AUC.High, f.Films)
	return err
}

// scores are what heads said of films they had not seen, by the film's ID: the
// folds of a cross-validation as one Head, to be evaluated like any other.
type scores struct {
	findings []string
	byID     map[string][]float64
}

func outOfFold(ctx context.Context, t head.Trainer, d *head.Dataset, k int) (*scores, error) {
	parts, err := head.KFold(d, k, seed)
	if err != nil {
		return nil, err
	}
	s := &scores{d.Findings, map[string][]float64{}}
	for _, part := range parts {
		h, err := t.Fit(ctx, part.Train, nil)
		if err != nil {
			return nil, err
		}
		for _, e := range part.Test.Examples {
			if s.byID[e.Embedding.ID], err = h.Predict(e.Embedding); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *scores) Findings() []string { return s.findings }

func (s *scores) Predict(e *cxr.Embedding) ([]float64, error) {
	p, ok := s.byID[e.ID]
	if !ok {
		return nil, fmt.Errorf("film %q was in no fold", e.ID)
	}
	return p, nil
}
