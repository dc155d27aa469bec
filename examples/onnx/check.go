package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// writeFilms writes synthetic films, of sides above and below what the network
// looks at and of 8 and 16 bits, for another program to embed.
func writeFilms(pre local.Preprocess, dir string, stdout io.Writer) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	picture := phantom.Film{Seed: 1}.Draw()
	film := &cxr.Image{Width: picture.Width, Height: picture.Height, Depth: 16}
	for _, v := range picture.Pix {
		film.Pix = append(film.Pix, uint16(min(max(v, 0), 1)*65535))
	}
	for i, size := range [][2]float64{{1.37, 1.13}, {1.07, 1.41}, {0.83, 0.91}} {
		m := film.Resize(int(size[0]*float64(pre.Width))|1, int(size[1]*float64(pre.Height)), cxr.KernelArea)
		for _, depth := range []int{8, 16} {
			name := filepath.Join(dir, fmt.Sprintf("film%d_%dbit.png", i+1, depth))
			if err := atomicfile.WriteFile(name, ofDepth(m, depth).PNG()); err != nil {
				return err
			}
			fmt.Fprintf(stdout, "%s: %d x %d pixels\n", name, m.Width, m.Height)
		}
	}
	return nil
}

// ofDepth is a film with the upper bits of its gray values.
func ofDepth(m *cxr.Image, depth int) *cxr.Image {
	if m.Depth == depth || depth == 16 {
		return m
	}
	out := *m
	out.Depth, out.Pix = depth, slices.Clone(m.Pix)
	for i, v := range m.Pix {
		out.Pix[i] = v >> 8
	}
	return &out
}

// check compares with values of another program: a JSON object of PNG files beside
// it, each with its embedding, row by row. With a file to write, the description
// goes there with the films and their values in it, for [local.Open] to check.
func check(ctx context.Context, e *local.Embedder, name, out string, stdout io.Writer) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var values map[string][]float32
	if err := json.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("%s: %w: want an object of file names and lists of numbers", name, err)
	}
	var films []string
	for film := range values {
		films = append(films, film)
	}
	if len(films) == 0 {
		return fmt.Errorf("%s: no films", name)
	}
	slices.Sort(films)
	var references []local.Reference
	for _, film := range films {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(name), filepath.Base(film)))
		if err != nil {
			return err
		}
		r := local.Reference{Film: data, Values: values[film]}
		start := time.Now()
		differ, err := e.Differ(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", film, err)
		}
		fmt.Fprintf(stdout, "%s: %.2g of the spread, %v\n", film, differ, time.Since(start).Round(time.Millisecond))
		references = append(references, r)
	}
	if err := e.Check(ctx, references); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "all alike")
	if out == "" {
		return nil
	}
	p := e.Preprocess()
	p.References = references
	text, err = json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(out, append(text, '\n'))
}
