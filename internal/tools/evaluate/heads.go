package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
)

// compareHeads writes, for each source of adults and each finding with enough
// positives, the AUC of trainers in one cross-validation of five folds by
// patient: a linear probe, and networks by the rule of package mlp and by the one
// before it, which took the epoch that a quarter of the training films liked best.
func compareHeads(ctx context.Context, w io.Writer, data string, c contender) error {
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	for _, name := range []string{adults, coarse} {
		d, err := source(ctx, data, name, used[name], c.embedder, labels)
		if err != nil {
			return err
		}
		for _, finding := range append([]string{abnormal}, nih...) {
			if positives(d, finding) < minPositives {
				continue
			}
			one, err := d.Only(finding)
			if err != nil {
				return err
			}
			for _, t := range []struct {
				name string
				head.Trainer
			}{{"linear", head.Linear{}}, {"mlp", mlp.Trainer{Dropout: 0.7, Seed: 1}}, {"mlp by best epoch", bestEpoch{}}} {
				r, err := report.CrossValidate(ctx, t, one, &report.CrossOptions{Repeats: 1, Seed: 1})
				if err != nil {
					return fmt.Errorf("%s, %s: %w", name, finding, err)
				}
				f := r.Findings[0]
				fmt.Fprintf(w, "%s %s, %s | %.3f | %.3f | %.3f | %d\n", name, finding, t.name, f.AUC.Value, f.AUC.Low, f.AUC.High, f.Films)
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
