package main

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// A cohort is the films of a folder or zip that have a label.
type cohort struct {
	fsys   fs.FS
	paths  []string // of labelled films, in order
	labels *head.Labels
	close  func() error
}

func (c *cohort) Close() error { return c.close() }

func openCohort(o *options) (_ *cohort, err error) {
	c := &cohort{close: func() error { return nil }}
	if c.labels, err = readLabels(o); err != nil {
		return nil, err
	}
	info, err := os.Stat(o.images)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		c.fsys = os.DirFS(o.images)
	default:
		archive, err := zip.OpenReader(o.images)
		if err != nil {
			return nil, fmt.Errorf("%s: neither a folder nor a zip file: %w", o.images, err)
		}
		c.fsys, c.close = archive, archive.Close
	}
	if err := c.findFilms(o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func readLabels(o *options) (*head.Labels, error) {
	f, err := os.Open(o.labels)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lo := &head.LabelOptions{}
	if o.finding != "" {
		lo.Findings = []string{o.finding}
	}
	labels, err := head.ReadLabels(f, lo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.labels, err)
	}
	return labels, nil
}

// findFilms lists the files with a known label and samples them.
func (c *cohort) findFilms(o *options) error {
	files := 0
	err := fs.WalkDir(c.fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		row, ok, err := c.labels.Find(path)
		if err == nil && ok && slices.ContainsFunc(c.labels.Rows[row].Labels, func(l head.Label) bool { return l != head.Missing }) {
			c.paths = append(c.paths, path)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case files == 0:
		return fmt.Errorf("%s: no files", o.images)
	case len(c.paths) == 0:
		return fmt.Errorf("%s: none of %d files has a label in %s", o.images, files, o.labels)
	}
	if o.limit > 0 && o.limit < len(c.paths) {
		rng := rand.New(rand.NewPCG(seed, 0))
		rng.Shuffle(len(c.paths), func(i, j int) { c.paths[i], c.paths[j] = c.paths[j], c.paths[i] })
		c.paths = c.paths[:o.limit]
		slices.Sort(c.paths)
	}
	return nil
}

// thumbnails passes films on and keeps a small copy of each for the contact
// sheet: the films themselves are gone once embedded.
type thumbnails struct {
	cxr.Source
	of map[string]*cxr.Image // by ID
}

func (t *thumbnails) Next(ctx context.Context) (*cxr.Image, error) {
	m, err := t.Source.Next(ctx)
	if err == nil {
		t.of[m.ID] = thumbnail(m)
	}
	return m, err
}

func (t *thumbnails) Close() error {
	if c, ok := t.Source.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// sheetRows picks the films to show: of each finding those with the highest
// and the lowest scores.
func sheetRows(r *report.Report, h head.Head, test *head.Dataset, thumbs map[string]*cxr.Image) ([]sheetRow, error) {
	var rows []sheetRow
	for f, finding := range r.Findings {
		if f == perPage {
			break
		}
		var films []scored
		for _, e := range test.Examples {
			if e.Labels[f] == head.Missing {
				continue
			}
			p, err := h.Predict(e.Embedding)
			if err != nil {
				return nil, err
			}
			films = append(films, scored{thumbs[e.Embedding.ID], p[f], e.Labels[f] == head.Positive})
		}
		slices.SortStableFunc(films, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		if len(films) > 2*perSide {
			films = slices.Concat(films[:perSide], films[len(films)-perSide:])
		}
		rows = append(rows, sheetRow{
			title: fmt.Sprintf("%s: AUC %.2f (%.2f to %.2f); highest scores left, lowest right", finding.Finding, finding.AUC.Value, finding.AUC.Low, finding.AUC.High),
			films: films,
		})
	}
	return rows, nil
}
