package main

import (
	"context"
	"fmt"
	"io"
	"math"
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

// together are several parts, a probe of each: their mean log odds count.
type together []part

func (all together) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	var heads togetherHead
	for _, p := range all {
		h, err := p.Fit(ctx, train, nil)
		if err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	return heads, nil
}

type togetherHead []head.Head

func (all togetherHead) Findings() []string { return all[0].Findings() }

func (all togetherHead) Predict(e *cxr.Embedding) ([]float64, error) {
	odds := make([]float64, len(all.Findings()))
	for _, h := range all {
		p, err := h.Predict(e)
		if err != nil {
			return nil, err
		}
		for f, v := range p {
			odds[f] += math.Log(v/(1-v)) / float64(len(all))
		}
	}
	for f, v := range odds {
		odds[f] = 1 / (1 + math.Exp(-v))
	}
	return odds, nil
}

// A candidate is a trainer with a name.
type candidate struct {
	name string
	trainer
}

// candidates are the parts, and all of them together.
func candidates(parts []part) []candidate {
	var all []candidate
	for _, p := range parts {
		all = append(all, candidate{p.name, p})
	}
	return append(all, candidate{"together", together(parts)})
}

// chosen is the candidate that is best in a cross-validation within the films it
// is trained on.
type chosen struct {
	from  []candidate
	times []atomic.Int64 // that each was chosen
}

func (c *chosen) Fit(ctx context.Context, train, _ *head.Dataset) (head.Head, error) {
	best, most := 0, 0.0
	for i, one := range c.from {
		s, err := outOfFold(ctx, one, train, folds, 1)
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
	return c.from[best].Fit(ctx, train, nil)
}

// best writes, for each source of adults and each finding with enough positives,
// the figures of mini, zones, measurements and all of them together, and of the
// one of these that is chosen anew for every fold, without the films to be scored.
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
			if err := bestOf(ctx, w, candidates(parts), name, d, finding); err != nil {
				return err
			}
		}
	}
	return nil
}

// bestOf writes the lines of one finding in the films of one source.
func bestOf(ctx context.Context, w io.Writer, from []candidate, name string, d *head.Dataset, finding string) error {
	line := name + " " + finding
	for _, one := range from {
		if err := (&lines{w, one.name}).crossValidated(ctx, line, one, d, finding); err != nil {
			return err
		}
	}
	c := &chosen{from, make([]atomic.Int64, len(from))}
	if err := (&lines{w, "the best"}).crossValidated(ctx, line, c, d, finding); err != nil {
		return err
	}
	for i, one := range from {
		fmt.Fprintf(w, "%s, %s chosen | %d of %d\n", line, one.name, c.times[i].Load(), folds*deals)
	}
	return nil
}
