// Retrieve finds the films most like a film or a text.
//
//	go run ./examples/retrieve
//	go run ./examples/retrieve -like query.dcm -k 10 films.zip
//	go run ./examples/retrieve -text "large pleural effusion" -endpoint E -project P films.zip
//
// Films are compared by the encoder that comes with the library, or by a hosted
// model if an endpoint is given; texts need one, or its stand-in. Without films
// these are synthetic, and the first is asked for.
//
// It prints the films, the most similar first, and draws them side by side, after
// the film that was asked for if there is one.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
	"github.com/cxrkit/cxrkit/examples/internal/sheet"
	"github.com/cxrkit/cxrkit/head/search"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func main() { cli.Main("retrieve", run) }

const usage = `Retrieve finds the films most like a film or a text, and draws them side by side.
Without arguments it does so among synthetic films.

    retrieve
    retrieve -like query.dcm -k 10 films.zip
    retrieve -text "large pleural effusion" -project P -endpoint E films.zip
`

type options struct {
	endpoint        hosted.Flags
	text, like, out string
	k               int
	films           []string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := cli.Flags("retrieve", usage, stderr)
	o.endpoint.Register(flags)
	flags.StringVar(&o.text, "text", "", "what to look for")
	flags.StringVar(&o.like, "like", "", "`film` to look for others like it; empty, without -text: the first of the films")
	flags.IntVar(&o.k, "k", 3, "films to find")
	flags.StringVar(&o.out, "out", "retrieved.png", "`file` for the picture")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.films = flags.Args()
	switch {
	case o.text != "" && o.like != "":
		return nil, errors.New("both -text and -like given")
	case o.k < 1:
		return nil, fmt.Errorf("-k %d, want 1 or more", o.k)
	}
	return o, cli.CanWrite(o.out)
}

// A candidate is a film of the collection.
type candidate struct {
	embedding  *cxr.Embedding
	thumb      *cxr.Image
	similarity float64
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	r := &retrieval{options: o, stdout: stdout, stderr: stderr}
	if o.text == "" && o.endpoint.Endpoint == "" {
		if r.embedder, err = mini.Open(nil); err != nil {
			return err
		}
		return r.byFilm(ctx)
	}
	c, end, err := o.endpoint.Open(ctx, o.text != "", stdout)
	if err != nil {
		return err
	}
	defer end()
	if r.embedder = c; o.text == "" {
		return r.byFilm(ctx)
	}
	phrases, err := c.EmbedText(ctx, o.text)
	if err != nil {
		return err
	}
	films, err := r.collect(ctx, o.films...)
	if err != nil {
		return err
	}
	for _, f := range films {
		if f.similarity, err = search.Similarity(f.embedding, phrases[0]); err != nil {
			return err
		}
	}
	return r.show(fmt.Sprintf("films most like %q", o.text), nil, films)
}

// A retrieval is one run of the program.
type retrieval struct {
	*options
	embedder       embed.Embedder
	stdout, stderr io.Writer
}

// byFilm looks for films like a film.
func (r *retrieval) byFilm(ctx context.Context) error {
	var query []*candidate
	var err error
	if r.like != "" {
		if query, err = r.collect(ctx, r.like); err != nil {
			return err
		}
	}
	films, err := r.collect(ctx, r.films...)
	if err != nil {
		return err
	}
	if r.like == "" {
		query, films = films[:1], films[1:]
	}
	if len(films) == 0 {
		return errors.New("one film has no other that is like it: give more films")
	}
	for _, f := range films {
		if f.similarity, err = likeness(ctx, query[0].embedding, f.embedding); err != nil {
			return err
		}
	}
	return r.show("films most like "+query[0].embedding.ID, query[0], films)
}

// collect embeds films. Those that fail are told and passed over, if any is left.
func (r *retrieval) collect(ctx context.Context, args ...string) (films []*candidate, err error) {
	failed, err := hosted.Each(ctx, r.embedder, args, r.stderr, func(m *cxr.Image, v *cxr.Embedding) error {
		films = append(films, &candidate{embedding: v, thumb: sheet.Thumb(m)})
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(films) == 0:
		return nil, fmt.Errorf("%s: no film could be read, %d failed", strings.Join(args, ", "), failed)
	case failed > 0:
		fmt.Fprintf(r.stderr, "%s could not be read and took no part\n", cli.Films(failed))
	}
	return films, nil
}

// show prints the most similar films and draws them.
func (r *retrieval) show(title string, query *candidate, films []*candidate) error {
	slices.SortStableFunc(films, func(a, b *candidate) int { return cmp.Compare(b.similarity, a.similarity) })
	row := sheet.Row{Title: title}
	if query != nil {
		row.Films = append(row.Films, sheet.Film{Thumb: query.thumb, Caption: "asked for", Color: sheet.Orange})
	}
	for _, f := range films[:min(r.k, len(films))] {
		fmt.Fprintf(r.stdout, "%.3f %s\n", f.similarity, f.embedding.ID)
		row.Films = append(row.Films, sheet.Film{Thumb: f.thumb, Caption: fmt.Sprintf("%.3f %s", f.similarity, f.embedding.ID), Color: sheet.Blue})
	}
	picture, err := sheet.PNG([]sheet.Row{row})
	if err != nil {
		return err
	}
	if err := atomicfile.WriteFile(r.out, picture); err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "wrote %s\n", r.out)
	return nil
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
