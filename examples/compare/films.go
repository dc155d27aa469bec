package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/cohort"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
	"github.com/cxrkit/cxrkit/examples/internal/stored"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

// own are the user's films. Those that an encoder could not read are left out for
// all, so that every encoder is judged by the same.
func (o *options) own(ctx context.Context, stderr io.Writer) ([]report.Encoding, error) {
	var all []report.Encoding
	for _, name := range o.encoders {
		embeddings, err := o.embed(ctx, name, stderr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		d, err := stored.Label(embeddings, o.labels, o.findings, stderr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, report.Encoding{Name: strings.TrimSuffix(filepath.Base(name), ".onnx"), Films: d})
	}
	return o.common(all, stderr)
}

// embed is what an encoder makes of the films.
func (o *options) embed(ctx context.Context, name string, stderr io.Writer) ([]*cxr.Embedding, error) {
	e, err := o.open(name)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return stored.Read(ctx, name)
	}
	if o.images == "" {
		return nil, fmt.Errorf("an encoder needs -images")
	}
	c, err := cohort.Open(o.images, o.labels, 0, o.findings...)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	bar := progress.New(stderr, "embedding by "+filepath.Base(name), "films", len(c.Paths))
	var embeddings []*cxr.Embedding
	films := dicomconv.New(&dicomconv.Options{Recipe: e.Space().Recipe}).Files(c.FS, c.Paths...)
	err = embed.Run{}.Do(ctx, e, films, func(film embed.Event) error {
		bar.Step()
		if film.Err != nil {
			bar.Line(film.Err.Error())
			return nil
		}
		embeddings = append(embeddings, film.Embedding)
		return nil
	})
	return embeddings, err
}

// open is the encoder of a name; nil: the name is of embeddings that were kept.
func (o *options) open(name string) (embed.Embedder, error) {
	switch name {
	case "mini":
		return mini.Open(nil)
	case "random":
		return untrained.Mini()
	case "pixels":
		return pixels.Embedder{}, nil
	}
	if strings.EqualFold(filepath.Ext(name), ".onnx") {
		return local.Open(name, &o.model)
	}
	if _, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("no such encoder, want mini, random, pixels, an ONNX file or a folder of embeddings: %w", err)
	}
	return nil, nil
}

// common keeps the films that all encoders have seen, in one order, and the
// findings that some of them have and some have not.
func (o *options) common(all []report.Encoding, stderr io.Writer) ([]report.Encoding, error) {
	file, err := os.Open(o.labels)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: o.findings})
	if err != nil {
		return nil, err
	}
	seen := make([]map[int]int, len(all)) // by row of the table, the place among an encoder's films
	counts := map[int]int{}
	for k, e := range all {
		seen[k] = map[int]int{}
		for place, film := range e.Films.Examples {
			row, _, err := labels.Find(film.Embedding.ID)
			if err != nil {
				return nil, err
			}
			seen[k][row] = place
		}
		for row := range seen[k] {
			counts[row]++
		}
	}
	var rows []int
	for row, n := range counts {
		if n == len(all) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	if left := len(counts) - len(rows); left > 0 {
		fmt.Fprintf(stderr, "%s not seen by all encoders: left out\n", cli.Films(left))
	}
	for k, e := range all {
		places := make([]int, len(rows))
		for i, row := range rows {
			places[i] = seen[k][row]
		}
		d := e.Films.Subset(places)
		if all[k].Films, err = d.Only(known(d)...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// known are the findings that some films have and some have not.
func known(d *head.Dataset) (findings []string) {
	for f, name := range d.Findings {
		if _, _, err := d.Classes(f); err == nil {
			findings = append(findings, name)
		}
	}
	return findings
}
