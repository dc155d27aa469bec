// Vertex embeds films with a hosted model of the CXR Foundation line.
//
//	go run ./examples/vertex
//	go run ./examples/vertex -protocol haidef -project P -location us-central1 -endpoint E film.dcm 'more/*.png'
//	go run ./examples/vertex -protocol haidef -positive "small pneumothorax" -negative "no pneumothorax"
//
// Without an endpoint it runs against a stand-in on this machine, whose numbers
// mean nothing: no account is needed to see that it works. Without films it
// draws two phantoms. With -positive and -negative it scores films without
// training: the best similarity to the one phrase less that to the other.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/phantom"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "vertex:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o vertex.Options
	flags := flag.NewFlagSet("vertex", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.Protocol, "protocol", vertex.HAIDEF, "v1, v2, haidef or medsiglip")
	flags.StringVar(&o.Project, "project", "", "of the endpoint")
	flags.StringVar(&o.Location, "location", "us-central1", "of the endpoint")
	flags.StringVar(&o.Endpoint, "endpoint", "", "id, or a whole resource `name`; empty: a stand-in on this machine")
	flags.StringVar(&o.QFormer, "qformer", "", "v2: `id` of the second endpoint")
	flags.StringVar(&o.Host, "host", "", "of a dedicated endpoint, as `host:port`")
	flags.BoolVar(&o.Dedicated, "dedicated", false, "the endpoint is a dedicated one")
	positive := flags.String("positive", "", "`phrase` for the finding")
	negative := flags.String("negative", "", "`phrase` against it")
	vocabulary := flags.String("vocabulary", "", "v2: `file` of BERT's vocabulary, for phrases")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if (*positive == "") != (*negative == "") {
		return errors.New("-positive and -negative go together")
	}
	if *positive != "" && (o.Protocol == vertex.V2 || o.Protocol == vertex.HAIDEF) {
		o.Output = vertex.Contrastive
	}
	if *vocabulary != "" {
		f, err := os.Open(*vocabulary)
		if err != nil {
			return err
		}
		defer f.Close()
		if o.Vocabulary, err = vertex.NewWordPiece(f); err != nil {
			return err
		}
	}
	if o.Endpoint == "" {
		s, err := vertextest.NewServer(nil)
		if err != nil {
			return err
		}
		defer s.Close()
		fmt.Fprintln(stdout, "no -endpoint: a stand-in on this machine answers, and its numbers mean nothing")
		o.Project, o.Host, o.Insecure = "stand-in", s.Addr(), true
		o.Endpoint, o.QFormer = o.Protocol, vertextest.ElixrB
		if o.Protocol == vertex.V2 {
			o.Endpoint = vertextest.ElixrC
		}
	}
	c, err := vertex.New(ctx, &o)
	if err != nil {
		return err
	}
	defer c.Close()
	show := func(v *cxr.Embedding) error {
		_, err := fmt.Fprintf(stdout, "%s: %d x %d, begins %.3f\n", v.ID, v.Tokens, v.Dim, v.Values[:3])
		return err
	}
	if *positive != "" {
		phrases, err := c.EmbedText(ctx, *positive, *negative)
		if err != nil {
			return err
		}
		show = func(v *cxr.Embedding) error {
			score, err := head.ZeroShot(v, phrases[:1], phrases[1:])
			if err == nil {
				_, err = fmt.Fprintf(stdout, "%s: score %+.3f\n", v.ID, score)
			}
			return err
		}
	}
	return embedAll(ctx, c, flags.Args(), show, stdout)
}

// embedAll embeds films one after the other and tells of those that fail.
func embedAll(ctx context.Context, c *vertex.Client, patterns []string, show func(*cxr.Embedding) error, stdout io.Writer) error {
	failed := 0
	each := func(films cxr.Source) error {
		for v, err := range (&embed.Run{}).All(ctx, c, films) {
			var one *cxr.ItemError
			switch {
			case err == nil:
				if err := show(v); err != nil {
					return err
				}
			case errors.As(err, &one):
				failed++
				fmt.Fprintln(stdout, err)
			default:
				return err
			}
		}
		return nil
	}
	converter := dicomconv.New(&dicomconv.Options{Recipe: c.Model().Recipe})
	for _, p := range patterns {
		if err := each(converter.Files(os.DirFS(filepath.Dir(p)), filepath.Base(p))); err != nil {
			return err
		}
	}
	if len(patterns) == 0 {
		var films []*cxr.Image
		for i := range 2 {
			film := phantom.Film{Seed: uint64(i), Anatomy: uint64(i), Size: 256}
			var b bytes.Buffer
			if err := film.Draw().WriteDICOM(&b, film, film.Encoding()); err != nil {
				return err
			}
			im, err := converter.Normalize(&b)
			if err != nil {
				return err
			}
			im.ID = fmt.Sprint("phantom", i)
			films = append(films, im)
		}
		if err := each(cxr.Images(films...)); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d films failed", failed)
	}
	return nil
}
