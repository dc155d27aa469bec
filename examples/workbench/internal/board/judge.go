package board

import (
	"context"
	"fmt"
	"time"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// folds is how many parts the patients are dealt to. With fewer patients of a class
// folds have none of it, and intervals are too narrow: nothing is told then.
const folds = 5

// many is from how many films folds are dealt once and not three times: the luck of
// a deal is small then, and the wait would be long.
const many = 1500

// judge cross-validates.
func (b *Board) judge(m *material) *judgment {
	j := &judgment{from: m, unseen: make([]float64, len(m.films))}
	repeats := 3
	if len(m.films) > many {
		repeats = 1
	}
	if with, without := m.classPatients(); min(with, without) < folds {
		j.problem = fmt.Sprintf("Figures want films of at least %d patients with it and %d without, one for each fold: so far %d and %d.", folds, folds, with, without)
		return j
	}
	w := &witness{all: m.data}
	start := time.Now()
	r, err := report.CrossValidate(b.about, w, m.data, &report.CrossOptions{Title: m.finding, Folds: folds, Repeats: repeats})
	if err == nil {
		err = w.unseen(j.unseen, repeats)
	}
	j.took = time.Since(start)
	if err != nil {
		j.problem = err.Error()
		return j
	}
	j.report = r
	return j
}

// A witness is a trainer that remembers its heads, to score each film by those that
// have not seen it: the report tells no single film's score.
type witness struct {
	all   *head.Dataset
	heads []*head.Model
	films []map[string]bool
}

// Fit implements head.Trainer.
func (w *witness) Fit(ctx context.Context, train, tune *head.Dataset) (*head.Model, error) {
	m, err := head.Linear{}.Fit(ctx, train, tune)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(train.Examples))
	for _, e := range train.Examples {
		seen[e.Embedding.ID] = true
	}
	w.heads, w.films = append(w.heads, m), append(w.films, seen)
	return m, nil
}

// unseen is the mean probability of each film by the heads that have not seen it,
// one of each deal of the folds.
func (w *witness) unseen(mean []float64, repeats int) error {
	for k, m := range w.heads {
		for i, e := range w.all.Examples {
			if w.films[k][e.Embedding.ID] {
				continue
			}
			p, _, err := m.Scores(e.Embedding)
			if err != nil {
				return err
			}
			mean[i] += p[0] / float64(repeats)
		}
	}
	return nil
}
