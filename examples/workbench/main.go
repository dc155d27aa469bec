// Workbench shows films in the browser, to look at, to label, and to train heads on
// as they are labeled:
//
//	go run ./examples/workbench
//	go run ./examples/workbench -images films -labels labels.csv
//
// Without arguments it draws films itself. Films never leave this machine: the
// program serves its page to a browser here and to nobody else.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/api"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/guard"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/page"
)

func main() { cli.Main("workbench", run) }

const usage = `Workbench shows films in the browser, to look at, to label, and to train heads on as
they are labeled. Without arguments it draws films itself.

    workbench
    workbench -images films -labels labels.csv
`

type options struct {
	images, labels, model, out, store, addr string
	noOpen                                  bool
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := cli.Flags("workbench", usage, stderr)
	f.StringVar(&o.images, "images", "", "folder, zip, pattern or bucket of DICOM, PNG or JPEG `films`; empty: synthetic films")
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "`host:port` of this machine to listen at; port 0: any that is free")
	f.BoolVar(&o.noOpen, "no-open", false, "print the address, and open no browser")
	if err := cli.Parse(f, args); err != nil {
		return nil, err
	}
	if !loopback(o.addr) {
		return nil, errors.New("-addr: want an address of this machine alone, such as 127.0.0.1:0")
	}
	return o, nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	inputs, err := o.inputs(ctx)
	if err != nil {
		return err
	}
	b, err := board.Open(ctx, board.Options{Inputs: inputs})
	if err != nil {
		return err
	}
	defer b.Close()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	token := rand.Text()
	mux := http.NewServeMux()
	mux.Handle("/api/", api.Handler(b))
	mux.Handle("/", page.Handler())
	server := &http.Server{
		Handler: guard.Handler(l.Addr().String(), token, mux), ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	url := fmt.Sprintf("http://%s/%s/", l.Addr(), token)
	fmt.Fprintf(stdout, "%s at\n%s\n", cli.Films(b.Len()), url)
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// inputs are the films that the flags name.
func (o *options) inputs(ctx context.Context) ([]board.Input, error) {
	if o.images == "" {
		return []board.Input{{FS: phantom.Cohort{Patients: 80, Seed: 2026, Difficulty: 0.5, Size: 300}.FS()}}, nil
	}
	found, err := input.Find(ctx, o.images)
	if err != nil {
		return nil, err
	}
	var inputs []board.Input
	for _, in := range found {
		inputs = append(inputs, board.Input{FS: in.FS, Within: in.Within, Prefix: in.Prefix})
	}
	return inputs, nil
}
