package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/phantom"
)

// embedAll runs the films through all kinds of features. Films that fail are in
// no result.
func embedAll(ctx context.Context, k kinds, films cxr.Source, failed func(error)) ([][]*cxr.Embedding, error) {
	pipeline := embed.Run{OnItem: func(ev embed.Event) {
		if ev.Err != nil {
			failed(ev.Err)
		}
	}}
	all, together := make([][]*cxr.Embedding, len(k)), newTogether(k)
	err := pipeline.Do(ctx, together, films, func(v *cxr.Embedding) error {
		for i, more := range together.take(v) {
			all[i] = append(all[i], more)
		}
		return nil
	})
	return all, err
}

// embedFilms embeds the films of a folder or zip that have a label.
func embedFilms(ctx context.Context, k kinds, o *options, images string, stderr io.Writer) (experiment, error) {
	file, err := os.Open(o.labels)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: []string{o.finding}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.labels, err)
	}
	fsys, closer, err := open(images)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	paths, err := labeled(fsys, labels, o.limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", images, err)
	}
	fmt.Fprintf(stderr, "embedding %d films of %s\n", len(paths), images)
	failed := func(err error) { fmt.Fprintln(stderr, err) }
	all, err := embedAll(ctx, k, dicomconv.New(nil).Files(fsys, paths...), failed)
	if err != nil {
		return nil, err
	}
	x := make(experiment, len(all))
	for i, embedded := range all {
		if x[i], _, err = labels.Join(embedded); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func open(path string) (fs.FS, io.Closer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return os.DirFS(path), io.NopCloser(nil), nil
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: neither a folder nor a zip file: %w", path, err)
	}
	return archive, archive, nil
}

// labeled lists the files with a known label; limit samples them.
func labeled(fsys fs.FS, labels *head.Labels, limit int) ([]string, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		row, ok, err := labels.Find(path)
		if ok && labels.Rows[row].Labels[0] != head.Missing {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no file has a label of %s", labels.Findings[0])
	}
	if limit > 0 && limit < len(paths) {
		const seed = 1
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		paths = paths[:limit]
		slices.Sort(paths)
	}
	return paths, nil
}

// embedPhantoms embeds synthetic films, labeled for effusion.
func embedPhantoms(ctx context.Context, k kinds) (experiment, error) {
	const seed, patients, difficulty = 7, 200, 0.9
	films := phantom.Cohort(seed, patients, difficulty)
	all, err := embedAll(ctx, k, &phantoms{rest: films, converter: dicomconv.New(nil)}, func(error) {})
	if err != nil {
		return nil, err
	}
	byID := map[string]phantom.Film{}
	for _, f := range films {
		byID[f.ID] = f
	}
	join := func(embeddings []*cxr.Embedding) *head.Dataset {
		d := &head.Dataset{Findings: phantom.Findings()[phantom.Effusion : phantom.Effusion+1]}
		for _, v := range embeddings {
			film, label := byID[v.ID], head.Negative
			if film.Has[phantom.Effusion] {
				label = head.Positive
			}
			d.Examples = append(d.Examples, head.Example{Embedding: v, Labels: []head.Label{label}, Patient: film.Patient})
		}
		return d
	}
	var x experiment
	for _, embedded := range all {
		x = append(x, join(embedded))
	}
	return x, nil
}

// phantoms is a source that draws its films when they are asked for.
type phantoms struct {
	rest      []phantom.Film
	converter *dicomconv.Converter
}

func (p *phantoms) Next(ctx context.Context) (*cxr.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(p.rest) == 0 {
		return nil, io.EOF
	}
	film := p.rest[0]
	p.rest = p.rest[1:]
	film.Size = 256
	var file bytes.Buffer
	if err := film.Draw().WriteDICOM(&file, film, film.Encoding()); err != nil {
		return nil, err
	}
	m, err := p.converter.Normalize(&file)
	if err != nil {
		return nil, err
	}
	m.ID = film.ID
	return m, nil
}
