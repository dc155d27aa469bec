package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// Synthetic films, which nothing was trained on: as many cohorts as these, of the
// difficulty that cxrkit-mini-2 was judged by (the quickstart is harder).
const (
	cohorts    = 6
	patients   = 160
	difficulty = 0.3
	height     = 300 // of a film in pixels
	testShare  = 0.3
)

// phantoms writes, for each contender and finding, the mean AUC over cohorts of
// drawn films, each with heads trained on some patients and tested on others.
func phantoms(ctx context.Context, w io.Writer, contenders []contender, cohorts, patients int) error {
	sums := make([]map[string]figure, len(contenders))
	for i := range sums {
		sums[i] = map[string]figure{}
	}
	share := 1 / float64(cohorts)
	for seed := range uint64(cohorts) {
		films := phantom.Cohort{Patients: patients, Seed: seed + 1, Difficulty: difficulty, Size: height}.Films()
		images := make([]*cxr.Image, len(films))
		for i, f := range films {
			images[i] = asFilm(f)
		}
		for i, c := range contenders {
			embeddings, err := c.embedder.Embed(ctx, images...)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			d := &head.Dataset{Findings: phantom.Findings()}
			for k, f := range films {
				e := head.Example{Embedding: embeddings[k], Patient: f.Patient}
				for _, has := range f.Has {
					label := head.Negative
					if has {
						label = head.Positive
					}
					e.Labels = append(e.Labels, label)
				}
				d.Examples = append(d.Examples, e)
			}
			train, test, err := head.Split(d, testShare, 1)
			if err != nil {
				return err
			}
			h, err := probe(1).Fit(ctx, train, nil)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			r, err := report.Evaluate(h, test, nil)
			if err != nil {
				return err
			}
			for _, f := range r.Findings {
				s := sums[i][f.Finding]
				s.auc, s.low, s.high, s.films = s.auc+f.AUC.Value*share, s.low+f.AUC.Low*share, s.high+f.AUC.High*share, s.films+f.Films
				sums[i][f.Finding] = s
			}
		}
	}
	for i, c := range contenders {
		l := &lines{w, c.name}
		var mean figure
		for _, name := range phantom.Findings() {
			f := sums[i][name]
			if err := l.write("phantoms "+name, f); err != nil {
				return err
			}
			n := float64(len(sums[i]))
			mean.auc, mean.low, mean.high, mean.films = mean.auc+f.auc/n, mean.low+f.low/n, mean.high+f.high/n, f.films
		}
		if err := l.write("phantoms, mean", mean); err != nil {
			return err
		}
	}
	return nil
}

func asFilm(f phantom.Film) *cxr.Image {
	p := f.Draw()
	m := &cxr.Image{ID: f.ID, Width: p.Width, Height: p.Height, Depth: 8, Recipe: cxr.Standard}
	for _, v := range p.Pix {
		m.Pix = append(m.Pix, uint16(255*v+0.5))
	}
	return m
}
