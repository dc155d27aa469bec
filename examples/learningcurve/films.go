package main

import (
	"context"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/examples/internal/cohort"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
)

// embedFilms embeds the films of a folder or zip that have a label.
func embedFilms(ctx context.Context, k kinds, o *options, images string, stderr io.Writer) (experiment, error) {
	c, err := cohort.Open(images, o.labels, o.limit, o.finding)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return embedCohort(ctx, k, c, images, stderr)
}

// embedPhantoms embeds synthetic films, labeled for effusion.
func embedPhantoms(ctx context.Context, k kinds, stderr io.Writer) (experiment, error) {
	films := phantom.Cohort{Patients: 200, Seed: 7, Difficulty: 0.9, Size: 256}.FS()
	labels, err := films.Open(phantom.LabelsFile)
	if err != nil {
		return nil, err
	}
	defer labels.Close()
	c, err := cohort.Find(films, labels, 0, phantom.Findings()[phantom.Effusion])
	if err != nil {
		return nil, err
	}
	return embedCohort(ctx, k, c, "synthetic films", stderr)
}

// embedCohort runs films through all kinds of features. Films that fail are told
// of, and in no result.
func embedCohort(ctx context.Context, k kinds, c *cohort.Cohort, name string, stderr io.Writer) (experiment, error) {
	bar := progress.New(stderr, "embedding "+name, "films", len(c.Paths))
	all, together := make([][]*cxr.Embedding, len(k)), newTogether(k)
	err := embed.Run{}.Do(ctx, together, dicomconv.New(nil).Files(c.FS, c.Paths...), func(film embed.Event) error {
		bar.Step()
		if film.Err != nil {
			bar.Line(film.Err.Error())
			return nil
		}
		for i, v := range together.take(film.Embedding) {
			all[i] = append(all[i], v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	x := make(experiment, len(all))
	for i, embedded := range all {
		if x[i], _, err = c.Labels.Join(embedded); err != nil {
			return nil, err
		}
	}
	return x, nil
}
