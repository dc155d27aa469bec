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
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
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
	var endpoint hosted.Flags
	flags := flag.NewFlagSet("vertex", flag.ContinueOnError)
	flags.SetOutput(stderr)
	endpoint.Register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, end, err := endpoint.Open(ctx, false, stdout)
	if err != nil {
		return err
	}
	defer end()
	return hosted.Each(ctx, c, flags.Args(), stdout, func(_ *cxr.Image, v *cxr.Embedding) error {
		_, err := fmt.Fprintf(stdout, "%s: %d x %d, begins %.3f\n", v.ID, v.Tokens, v.Dim, v.Values[:3])
		return err
	})
}
