package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// Cross-validation deals the patients into folds, several times anew: where the
// cut falls moves an AUC of some hundred films by about 0.007.
const (
	folds = 5
	deals = 10
)

// lines writes the figures of one contender.
type lines struct {
	w         io.Writer
	contender string
}

// crossValidated is the AUC of a finding in d, each film scored by a head that
// saw no film of its patient: the mean over the deals, of its bounds too.
func (l *lines) crossValidated(ctx context.Context, name string, t trainer, d *head.Dataset, finding string) error {
	d, err := d.Only(finding)
	if err != nil {
		return err
	}
	var each [deals]figure
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for deal := range each {
		group.Go(func() error {
			scores, err := outOfFold(ctx, t, d, folds, uint64(deal)+1)
			if err == nil {
				each[deal], err = judge(scores, d)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var mean figure
	for _, f := range each {
		mean.auc += f.auc / deals
		mean.low += f.low / deals
		mean.high += f.high / deals
		mean.films = f.films
	}
	return l.write(name, mean)
}

// transferred is the AUC of a finding in test by a head that learned it in train.
func (l *lines) transferred(ctx context.Context, name string, t trainer, train, test *head.Dataset, finding string) error {
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
	f, err := judge(h, test)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return l.write(name, f)
}

// figure is an AUC with its interval.
type figure struct {
	auc, low, high float64
	films          int
}

// judge is the figure of the one finding in test.
func judge(h head.Head, test *head.Dataset) (figure, error) {
	r, err := report.Evaluate(h, test, nil)
	if err != nil {
		return figure{}, err
	}
	f := r.Findings[0]
	return figure{f.AUC.Value, f.AUC.Low, f.AUC.High, f.Films}, nil
}

func (l *lines) write(name string, f figure) error {
	_, err := fmt.Fprintf(l.w, "%s, %s | %.3f | %.3f | %.3f | %d\n", name, l.contender, f.auc, f.low, f.high, f.films)
	return err
}

// scores are what heads said of films they had not seen, by the film's ID: the
// folds of a cross-validation as one Head, to be evaluated like any other.
type scores struct {
	findings []string
	byID     map[string][]float64
}

func outOfFold(ctx context.Context, t trainer, d *head.Dataset, k int, seed uint64) (*scores, error) {
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
