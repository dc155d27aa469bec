// Vertex embeds films with a hosted model of the CXR Foundation line.
//
//	go run ./examples/vertex
//	go run ./examples/vertex -protocol haidef -project P -location us-central1 -endpoint E film.dcm 'more/*.png'
//
// Without an endpoint it runs against a stand-in on this machine, whose numbers
// mean nothing: no account is needed to see that it works. Without films it
// draws phantoms.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
)

func main() { cli.Main("vertex", run) }

const usage = `Vertex embeds films with a hosted model of the CXR Foundation line. Without an
endpoint a stand-in answers, and without films it draws phantoms.

    vertex
    vertex -protocol haidef -project P -location us-central1 -endpoint E film.dcm 'more/*.png'
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var endpoint hosted.Flags
	flags := cli.Flags("vertex", usage, stderr)
	endpoint.Register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, end, err := endpoint.Open(ctx, false, stdout)
	if err != nil {
		return err
	}
	defer end()
	failed, err := hosted.Each(ctx, c, flags.Args(), stderr, func(_ *cxr.Image, v *cxr.Embedding) error {
		_, err := fmt.Fprintf(stdout, "%s: %d x %d, begins %.3f\n", v.ID, v.Tokens, v.Dim, v.Values[:3])
		return err
	})
	return errors.Join(err, hosted.Failed(failed))
}
