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

// embedAll runs the films through the embedder and, on the way, through the
// thumbnails. Films that fail are in neither result.
func embedAll(ctx context.Context, e embed.Embedder, films cxr.Source, failed func(error)) (embedded, pixels []*cxr.Embedding, err error) {
	tap := &thumbnails{Source: films, made: map[string]*cxr.Embedding{}}
	pipeline := embed.Run{OnItem: func(ev embed.Event) {
		if ev.Err != nil {
			failed(ev.Err)
		}
	}}
	err = pipeline.Do(ctx, e, tap, func(v *cxr.Embedding) error {
		embedded, pixels = append(embedded, v), append(pixels, tap.made[v.ID])
		return nil
	})
	return embedded, pixels, err
}

// embedFilms embeds the films of a folder or zip that have a label.
func embedFilms(ctx context.Context, e embed.Embedder, o *options, images string, stderr io.Writer) (experiment, error) {
	var none experiment
	file, err := os.Open(o.labels)
	if err != nil {
		return none, err
	}
	defer file.Close()
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: []string{o.finding}})
	if err != nil {
		return none, fmt.Errorf("%s: %w", o.labels, err)
	}
	fsys, closer, err := open(images)
	if err != nil {
		return none, err
	}
	defer closer.Close()
	paths, err := labeled(fsys, labels, o.limit)
	if err != nil {
		return none, fmt.Errorf("%s: %w", images, err)
	}
	fmt.Fprintf(stderr, "embedding %d films of %s\n", len(paths), images)
	failed := func(err error) { fmt.Fprintln(stderr, err) }
	embedded, pixels, err := embedAll(ctx, e, dicomconv.New(nil).Files(fsys, paths...), failed)
	if err != nil {
		return none, err
	}
	var x experiment
	if x.embedded, _, err = labels.Join(embedded); err != nil {
		return none, err
	}
	if x.pixels, _, err = labels.Join(pixels); err != nil {
		return none, err
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
func embedPhantoms(ctx context.Context, e embed.Embedder) (experiment, error) {
	const seed, patients, difficulty = 7, 200, 0.9
	films := phantom.Cohort(seed, patients, difficulty)
	embedded, pixels, err := embedAll(ctx, e, &phantoms{rest: films, converter: dicomconv.New(nil)}, func(error) {})
	if err != nil {
		return experiment{}, err
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
	return experiment{join(embedded), join(pixels)}, nil
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
