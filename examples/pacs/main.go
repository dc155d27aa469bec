// Pacs scores the films of a DICOMweb server, such as a PACS, with a head, and
// names them by pseudonyms alone.
//
//	go run ./examples/pacs -url https://pacs.example.org/dicom-web -key secret.txt -head effusion.cxrhead -from 2026-01-01 -out scores.csv
//
// The table has a line for each film: its pseudonym, the probability of each
// finding, and for a film that was refused the reason. It is written as films are
// done, and the same command goes on where it ended or was killed; films that the
// server did not give are tried again then. One table is for one head, one model
// and one key.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/head"
)

func main() { cli.Main("pacs", run) }

const usage = `Pacs scores the films of a DICOMweb server with a head, into a CSV file that names them
by pseudonyms alone. The same command goes on where it ended.

    pacs -url https://pacs.example.org/dicom-web -key secret.txt -head effusion.cxrhead
    pacs -url http://127.0.0.1:8042/dicom-web -key secret.txt -head effusion.cxrhead -from 2026-01-01 -view PA
`

// options are the flags.
type options struct {
	server               dicomweb.Options
	query                dicomweb.Query
	key, token, from, to string
	modality, view, part string
	model, head, out     string
	anyView              bool
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := cli.Flags("pacs", usage, stderr)
	f.StringVar(&o.server.URL, "url", "", "`address` of the DICOMweb service")
	f.BoolVar(&o.server.Plain, "plain", false, "http to another machine: films and names cross the network unencrypted")
	f.StringVar(&o.token, "token", "", "`file` with the bearer token; it is read again when the token is refused")
	f.StringVar(&o.key, "key", "", "`file` whose content, 16 bytes or more, is the secret key of the pseudonyms")
	f.StringVar(&o.head, "head", "", "`file` of the head, as examples/train makes it")
	f.StringVar(&o.model, "model", "", "ONNX `file` of the encoder that the head was trained on; empty: the small encoder inside")
	f.StringVar(&o.out, "out", "scores.csv", "CSV `file` for the scores")
	f.StringVar(&o.from, "from", "", "first `day` of the studies, as 2026-01-31")
	f.StringVar(&o.to, "to", "", "last `day`")
	f.StringVar(&o.modality, "modality", "CR,DX", "a `list` with commas")
	f.StringVar(&o.view, "view", "", "a `list` of view positions: PA,AP; films that say none are taken; empty: all")
	f.StringVar(&o.part, "bodypart", "", "a `list` of body parts likewise: CHEST")
	f.BoolVar(&o.anyView, "any_view", false, "take films that are not frontal too")
	f.IntVar(&o.server.Parallel, "parallel", 0, "films retrieved at once; 0: 4")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", f.Arg(0))
	}
	if o.server.URL == "" || o.key == "" || o.head == "" {
		return nil, errors.New("-url, -key and -head are needed")
	}
	for text, day := range map[*string]*time.Time{&o.from: &o.query.From, &o.to: &o.query.To} {
		if *text == "" {
			continue
		}
		var err error
		if *day, err = time.Parse(time.DateOnly, *text); err != nil {
			return nil, fmt.Errorf("%q is no day, want one like 2026-01-31", *text)
		}
	}
	for text, list := range map[*string]*[]string{&o.modality: &o.query.Modalities, &o.view: &o.query.Views, &o.part: &o.query.BodyParts} {
		if *text != "" {
			*list = strings.Split(*text, ",")
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	classifier, err := readHead(o.head)
	if err != nil {
		return err
	}
	e, err := o.open()
	if err != nil {
		return err
	}
	c, err := o.connect(e.Space().Recipe)
	if err != nil {
		return err
	}
	t, err := openTable(o.out, classifier.Findings())
	if err != nil {
		return err
	}
	defer t.Close()
	before := len(t.done)
	o.query.Skip = func(id string) bool { return t.done[id] }
	var scored, refused, again int
	err = embed.Run{}.Do(ctx, e, c.Films(&o.query), func(film embed.Event) error {
		var lost *dicomweb.Error
		switch {
		case errors.As(film.Err, &lost):
			again++
			fmt.Fprintln(stderr, film.Err)
			return nil
		case film.Err != nil:
			refused++
			return t.refuse(film.ID, film.Err)
		}
		p, err := classifier.Predict(film.Embedding)
		if err != nil {
			return err
		}
		scored++
		return t.score(film.ID, p)
	})
	if errors.Is(err, embed.ErrAllFailed) { // counted below
		err = nil
	}
	fmt.Fprintf(stdout, "scored %d films, refused %d, had %d before\n", scored, refused, before)
	switch {
	case err != nil:
		return fmt.Errorf("%w; the same command goes on from here", err)
	case again > 0:
		return fmt.Errorf("films that the server did not give: %d; the same command tries them again", again)
	}
	return t.Close()
}

func readHead(name string) (*head.Model, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return head.ReadModel(f)
}

func (o *options) open() (embed.Embedder, error) {
	if o.model == "" {
		return mini.Open(nil)
	}
	return local.Open(o.model, nil)
}

func (o *options) connect(recipe string) (*dicomweb.Client, error) {
	key, err := os.ReadFile(o.key)
	if err != nil {
		return nil, err
	}
	o.server.Key = bytes.TrimSpace(key) // as examples/convert, so that its names are the same
	o.server.Convert = dicomconv.Options{Recipe: recipe}
	if recipe == "" {
		o.server.Convert.Recipe = cxr.Standard
	}
	if o.anyView {
		o.server.Convert.Views = dicomconv.ViewsAny
	}
	if o.token != "" {
		o.server.Token = func(context.Context, string) (string, error) {
			b, err := os.ReadFile(o.token)
			return strings.TrimSpace(string(b)), err
		}
	}
	return dicomweb.New(&o.server)
}
