// Workbench shows films in the browser, to look at, to label, and to train heads on
// as they are labeled:
//
//	go run ./examples/workbench
//	go run ./examples/workbench -images films -labels labels.csv
//
// Without arguments it draws films itself. Films never leave this machine: the
// program serves its page to a browser here and to nobody else. Labels are kept in
// workbench/labels.csv as they are given; the table of -labels is only read.
// docs/WORKBENCH.md tells more.
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

	"github.com/cxrkit/cxrkit/examples/internal/cli"
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

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(cli.Flags("workbench", usage, stderr), args)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	defer l.Close()
	on, closeFilms, err := o.board(ctx)
	if err != nil {
		return err
	}
	defer closeFilms()
	b, err := board.Open(ctx, *on)
	if err != nil {
		return err
	}
	defer b.Close()
	mux := http.NewServeMux()
	mux.Handle("/api/", api.Handler(b, api.Options{Films: o.films(), Folder: o.out}))
	mux.Handle("/", page.Handler())
	token := rand.Text()
	server := &http.Server{
		Handler: guard.Handler(l.Addr().String(), token, mux), ErrorLog: log.New(io.Discard, "", 0), // it would tell addresses, which hold the token
		ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	url := fmt.Sprintf("http://%s/%s/", l.Addr(), token)
	fmt.Fprintf(stdout, "%s: %s\nlabels are kept in %s\nopen %s\n", cli.Films(b.Len()), o.films(), o.kept(), url)
	if !o.noOpen {
		if err := browse(url); err != nil {
			fmt.Fprintf(stderr, "no browser could be opened (%v): open the address by hand\n", err)
		}
	}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if saved := b.Save(context.WithoutCancel(ctx), false); saved.Error != "" {
		return fmt.Errorf("labels are lost: %s", saved.Error)
	}
	return nil
}
