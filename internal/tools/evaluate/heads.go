package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/local/zones"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
)

// A pairing is a trainer on an embedding.
type pairing struct {
	name string
	embed.Embedder
	head.Trainer
}

// pairings are, on mini, a linear probe, and networks by the rule of package mlp
// and by the one before it, which took the epoch that a quarter of the training
// films liked best; on zones, a linear probe of their mean and of all of them, and
// attention.
func pairings() ([]pairing, error) {
	film, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	places, err := zones.Open(nil)
	if err != nil {
		return nil, err
	}
	return []pairing{
		{"linear", film, head.Linear{}},
		{"mlp", film, mlp.Trainer{Dropout: 0.7, Seed: 1}},
		{"mlp by best epoch", film, bestEpoch{}},
		{"linear on the mean of zones", places, head.Linear{}},
		{"linear on all zones", places.Flat(), head.Linear{}},
		{"attention over zones", places, head.Attention{}},
		{"attention over zones, sharp", places, head.Attention{Sharpness: 3}},
	}, nil
}

// compareHeads writes, for each source of adults and each finding with enough
// positives, the AUC of pairings in one cross-validation of five folds by
// patient.
func compareHeads(ctx context.Context, w io.Writer, data string) error {
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	all, err := pairings()
	if err != nil {
		return err
	}
	for _, name := range []string{adults, coarse} {
		films := map[string]*head.Dataset{} // by the model's name
		for _, p := range all {
			model := p.Space().Model
			if films[model] == nil {
				if films[model], err = source(ctx, data, name, used[name], p.Embedder, labels); err != nil {
					return err
				}
			}
			for _, finding := range append([]string{abnormal}, nih...) {
				if positives(films[model], finding) < minPositives {
					continue
				}
				one, err := films[model].Only(finding)
				if err != nil {
					return err
				}
				r, err := report.CrossValidate(ctx, p.Trainer, one, &report.CrossOptions{Repeats: 1, Seed: 1})
				if err != nil {
					return fmt.Errorf("%s, %s: %w", name, finding, err)
				}
				f := r.Findings[0]
				fmt.Fprintf(w, "%s %s, %s | %.3f | %.3f | %.3f | %d\n", name, finding, p.name, f.AUC.Value, f.AUC.Low, f.AUC.High, f.Films)
			}
		}
	}
	return nil
}

// bestEpoch is the rule that package mlp had.
type bestEpoch struct{}

func (bestEpoch) Fit(ctx context.Context, train, _ *head.Dataset) (*head.Model, error) {
	part, tune, err := head.Split(train, 0.25, 1)
	if err != nil {
		return nil, err
	}
	return mlp.Trainer{Networks: 1, Epochs: 100, Patience: 100, Dropout: 0.3, Seed: 1}.Fit(ctx, part, tune)
}
