package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/local/zones"
	"github.com/cxrkit/cxrkit/head"
)

// measured are what package lungs measures of a film, as features.
type measured struct{ finder *lungs.Finder }

func (measured) Space() cxr.Space {
	return cxr.Space{Model: "lungs-measurements/1", Tokens: 1, Dim: 9}
}

func (m measured) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, m.Space(), images, func(ctx context.Context, film *cxr.Image) ([]float32, error) {
		l, err := m.finder.Find(ctx, film)
		if err != nil {
			return nil, err
		}
		hidden := 0.0 // whether haze hides the edges of the heart
		if l.Heart.Classical == 0 {
			hidden = 1
		}
		return []float32{
			float32(l.Heart.Median), float32(l.Heart.Classical), float32(hidden),
			float32(l.Right.Area()), float32(l.Left.Area()), float32(l.Between.Area()), float32(l.Symmetry()),
			float32(l.Box.Dx()) / float32(max(l.Box.Dy(), 1)), float32(l.Sureness()),
		}, nil
	})
}

// joined puts the values of several embedders of one token one after the other.
type joined []embed.Embedder

func (j joined) Space() cxr.Space {
	s := cxr.Space{Model: "joined", Tokens: 1}
	for _, e := range j {
		s.Dim += e.Space().Dim
	}
	return s
}

func (j joined) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, j.Space(), images, func(ctx context.Context, film *cxr.Image) ([]float32, error) {
		var values []float32
		for _, e := range j {
			one, err := e.Embed(ctx, film)
			if err != nil {
				return nil, err
			}
			values = append(values, one[0].Values...)
		}
		return values, nil
	})
}

// part is a linear probe of some of the features: those from one place to under
// another.
type part struct {
	name     string
	from, to int
}

func (p part) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	own := *train
	own.Examples = slices.Clone(train.Examples)
	for i, e := range own.Examples {
		own.Examples[i].Embedding = p.of(e.Embedding)
	}
	h, err := probe(1).Fit(ctx, &own, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return partHead{p, h}, nil
}

func (p part) of(e *cxr.Embedding) *cxr.Embedding {
	one := *e
	one.Model, one.Dim, one.Values = p.name, p.to-p.from, e.Values[p.from:p.to]
	return &one
}

type partHead struct {
	part
	head.Head
}

func (h partHead) Predict(e *cxr.Embedding) ([]float64, error) { return h.Head.Predict(h.of(e)) }

// chosen is the part that is best in a cross-validation within the films it is
// trained on.
type chosen struct {
	parts []part
	times []atomic.Int64 // that each was chosen
}

func (c *chosen) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	best, most := 0, 0.0
	for i, p := range c.parts {
		s, err := outOfFold(ctx, p, train, folds, 1)
		if err != nil {
			return nil, err
		}
		f, err := judge(s, train)
		if err != nil {
			return nil, err
		}
		if f.auc > most {
			best, most = i, f.auc
		}
	}
	c.times[best].Add(1)
	return c.parts[best].Fit(ctx, train, nil)
}

// best writes, for each source of adults and each finding with enough positives,
// the figures of mini, zones and measurements, and of the one of them that is chosen anew, without the
// films to be scored, for every fold.
func best(ctx context.Context, w io.Writer, data string) error {
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	film, err := mini.Open(nil)
	if err != nil {
		return err
	}
	places, err := zones.Open(nil)
	if err != nil {
		return err
	}
	finder, err := lungs.Open(nil)
	if err != nil {
		return err
	}
	all := joined{film, places.Flat(), measured{finder}}
	var parts []part
	from := 0
	for i, name := range []string{"mini", "zones", "measurements"} {
		to := from + all[i].Space().Dim
		parts = append(parts, part{name, from, to})
		from = to
	}
	for _, name := range []string{adults, coarse} {
		d, err := source(ctx, data, name, used[name], all, labels)
		if err != nil {
			return err
		}
		for _, finding := range nih {
			if positives(d, finding) < minPositives {
				continue
			}
			if err := bestOf(ctx, w, parts, name, d, finding); err != nil {
				return err
			}
		}
	}
	return nil
}

// bestOf writes the lines of one finding in the films of one source.
func bestOf(ctx context.Context, w io.Writer, parts []part, name string, d *head.Dataset, finding string) error {
	line := name + " " + finding
	for _, p := range parts {
		if err := (&lines{w, p.name}).crossValidated(ctx, line, p, d, finding); err != nil {
			return err
		}
	}
	c := &chosen{parts, make([]atomic.Int64, len(parts))}
	if err := (&lines{w, "the best"}).crossValidated(ctx, line, c, d, finding); err != nil {
		return err
	}
	for i, p := range parts {
		fmt.Fprintf(w, "%s, %s chosen | %d of %d\n", line, p.name, c.times[i].Load(), folds*deals)
	}
	return nil
}
