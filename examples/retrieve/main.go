// Retrieve finds the films most like a text or a film.
//
//	go run ./examples/retrieve -text "large pleural effusion" films.zip
//	go run ./examples/retrieve -like query.dcm -k 10 films.zip
//
// It prints the films, the most similar first, and draws them side by side, from
// left to right, after the film that was asked for if there is one.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
	"github.com/cxrkit/cxrkit/head/search"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "retrieve:", err)
		os.Exit(1)
	}
}

// A candidate is a film of the collection.
type candidate struct {
	embedding  *cxr.Embedding
	thumb      *cxr.Image
	similarity float64
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var endpoint hosted.Flags
	flags := flag.NewFlagSet("retrieve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	endpoint.Register(flags)
	text := flags.String("text", "", "what to look for")
	like := flags.String("like", "", "`film` to look for others like it")
	k := flags.Int("k", 3, "films to find")
	out := flags.String("out", "retrieved.png", "`file` for the picture")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if (*text == "") == (*like == "") || *k < 1 {
		return errors.New("one of -text and -like is needed, and -k of at least 1")
	}
	c, end, err := endpoint.Open(ctx, *text != "", stdout)
	if err != nil {
		return err
	}
	defer end()
	var films []*candidate
	add := func(m *cxr.Image, v *cxr.Embedding) error {
		films = append(films, &candidate{embedding: v, thumb: m.Fit(tile, cxr.KernelArea)})
		return nil
	}
	var shown []*cxr.Image
	var score func(*cxr.Embedding) (float64, error)
	if *text != "" {
		phrases, err := c.EmbedText(ctx, *text)
		if err != nil {
			return err
		}
		score = func(v *cxr.Embedding) (float64, error) { return search.Similarity(v, phrases[0]) }
	} else {
		if err := hosted.Each(ctx, c, []string{*like}, stdout, add); err != nil {
			return err
		}
		query := films[0]
		shown, films = append(shown, query.thumb), nil
		score = func(v *cxr.Embedding) (float64, error) { return likeness(ctx, query.embedding, v) }
	}
	if err := hosted.Each(ctx, c, flags.Args(), stdout, add); err != nil {
		return err
	}
	for _, f := range films {
		if f.similarity, err = score(f.embedding); err != nil {
			return err
		}
	}
	slices.SortStableFunc(films, func(a, b *candidate) int { return cmp.Compare(b.similarity, a.similarity) })
	for _, f := range films[:min(*k, len(films))] {
		fmt.Fprintf(stdout, "%.3f %s\n", f.similarity, f.embedding.ID)
		shown = append(shown, f.thumb)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, sheet(shown)); err != nil {
		return err
	}
	return atomicfile.WriteFile(*out, picture.Bytes())
}

// likeness is the cosine between the means of two films' tokens.
func likeness(ctx context.Context, a, b *cxr.Embedding) (float64, error) {
	index, err := search.NewIndex([]*cxr.Embedding{pooled(b)})
	if err != nil {
		return 0, err
	}
	matches, err := index.Nearest(ctx, pooled(a), 1)
	if err != nil {
		return 0, err
	}
	return matches[0].Similarity, nil
}

func pooled(v *cxr.Embedding) *cxr.Embedding {
	one := *v
	one.Tokens, one.Values = 1, v.Mean(nil)
	return &one
}

// Sizes in pixels.
const (
	tile = 200
	gap  = 12
)

// sheet is films side by side.
func sheet(films []*cxr.Image) image.Image {
	s := image.NewGray(image.Rect(0, 0, gap+len(films)*(tile+gap), tile+2*gap))
	draw.Draw(s, s.Bounds(), image.White, image.Point{}, draw.Src)
	for i, m := range films {
		at := image.Pt(gap+i*(tile+gap)+(tile-m.Width)/2, gap+(tile-m.Height)/2)
		draw.Draw(s, image.Rectangle{Min: at, Max: at.Add(image.Pt(m.Width, m.Height))}, m, image.Point{}, draw.Src)
	}
	return s
}
