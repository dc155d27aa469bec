// Package hosted is what the example programs of hosted models share: the flags
// that name an endpoint, a stand-in where none is named, and films to try.
package hosted

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
)

// Flags are those of an endpoint.
type Flags struct {
	vertex.Options
	vocabulary string
}

// Register adds the flags to a program's.
func (f *Flags) Register(flags *flag.FlagSet) {
	flags.TextVar(&f.Protocol, "protocol", vertex.HAIDEF, "v1, v2, haidef or medsiglip")
	flags.StringVar(&f.Project, "project", "", "of the endpoint")
	flags.StringVar(&f.Location, "location", "", "of the endpoint; empty: that of a whole name, else "+defaultLocation)
	flags.StringVar(&f.Endpoint, "endpoint", "", "id, or a whole resource `name`; empty: a stand-in on this machine")
	flags.StringVar(&f.QFormer, "qformer", "", "v2: `id` of the second endpoint")
	flags.StringVar(&f.Host, "host", "", "of a dedicated endpoint, as `host:port`")
	flags.StringVar(&f.QFormerHost, "qformer_host", "", "v2: likewise, of the second endpoint")
	flags.BoolVar(&f.Dedicated, "dedicated", false, "the endpoint is a dedicated one")
	flags.StringVar(&f.QuotaProject, "quota_project", "", "`project` whose quota and bill the calls count for; empty: what the credentials say")
	flags.StringVar(&f.vocabulary, "vocabulary", "", "v2: `file` of BERT's vocabulary, for texts")
}

// defaultLocation is where CXR Foundation's own endpoints were.
const defaultLocation = "us-central1"

// Open connects; contrastive asks for embeddings that texts can be compared
// with. Without an endpoint a stand-in answers, and out is told so.
func (f *Flags) Open(ctx context.Context, contrastive bool, out io.Writer) (*vertex.Client, func(), error) {
	o := f.Options
	if contrastive && (o.Protocol == vertex.V2 || o.Protocol == vertex.HAIDEF) {
		o.Output = vertex.Contrastive
	}
	if f.vocabulary != "" {
		file, err := os.Open(f.vocabulary)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		if o.Vocabulary, err = vertex.NewWordPiece(file); err != nil {
			return nil, nil, err
		}
	}
	if o.Location == "" && !strings.Contains(o.Endpoint, "/") {
		o.Location = defaultLocation
	}
	end := func() {}
	if o.Endpoint == "" {
		s, err := vertextest.NewServer(nil)
		if err != nil {
			return nil, nil, err
		}
		end = s.Close
		fmt.Fprintln(out, "no -endpoint: a stand-in on this machine answers, and its numbers mean nothing")
		o.Project, o.Host, o.Insecure = "stand-in", s.Addr(), true
		o.Endpoint = o.Protocol.String()
		if o.Protocol == vertex.V2 {
			o.Endpoint, o.QFormer = vertextest.ElixrC, vertextest.ElixrB
		}
	}
	c, err := vertex.New(ctx, &o)
	if err != nil {
		end()
		return nil, nil, err
	}
	return c, func() {
		c.Close()
		end()
	}, nil
}

// Each embeds the films that arguments name, or without any some phantoms, and
// hands them to use with their embeddings. It says how far it is, and what fails is
// told, passed over and counted.
func Each(ctx context.Context, e embed.Embedder, args []string, out io.Writer, use func(*cxr.Image, *cxr.Embedding) error) (failed int, err error) {
	var inputs []input.Input
	for _, arg := range args {
		more, err := input.Find(ctx, arg)
		if err != nil {
			return 0, err
		}
		inputs = append(inputs, more...)
	}
	if len(args) == 0 {
		inputs = input.Phantoms()
	}
	films := input.NewFilms(dicomconv.New(&dicomconv.Options{Recipe: e.Space().Recipe}), 0, inputs)
	bar := progress.New(out, "embedding", "films", films.Len())
	err = embed.Run{}.Do(ctx, e, films, func(film embed.Event) error {
		bar.Step()
		if film.Err != nil {
			failed++
			bar.Line(film.Err.Error())
			return nil
		}
		return use(film.Image, film.Embedding)
	})
	if errors.Is(err, embed.ErrAllFailed) { // counted
		err = nil
	}
	return failed, err
}

// Failed is the error of films that failed; nil if none did.
func Failed(n int) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s failed", cli.Films(n))
}
