package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/internal/remote"
)

type options struct {
	images, labels, model, out, store, token, addr string
	noOpen                                         bool
}

// parse reads the arguments; f has the help.
func parse(f *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	f.StringVar(&o.images, "images", "", "folder, zip, pattern or bucket of DICOM, PNG or JPEG `films`, or the https:// address of a DICOMweb server; empty: synthetic films")
	f.StringVar(&o.token, "token", "", "`file` with the bearer token of the DICOMweb server, read anew when it is refused")
	f.StringVar(&o.labels, "labels", "", "CSV `file` of labels to begin with, which is not written to")
	f.StringVar(&o.model, "model", "", "ONNX `file` of the encoder, or a folder with one; empty: the small encoder inside")
	f.StringVar(&o.out, "out", "", "`folder` where labels are kept; empty: workbench, and for synthetic films memory")
	f.StringVar(&o.store, "store", "", "`folder` where embeddings are kept; empty: embeddings in the folder of -out")
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "`host:port` of this machine to listen at; port 0: any that is free")
	f.BoolVar(&o.noOpen, "no-open", false, "print the address, and open no browser")
	if err := cli.Parse(f, args); err != nil {
		return nil, err
	}
	if !remote.LoopbackAddress(o.addr) {
		return nil, errors.New("-addr: want an address of this machine alone, such as 127.0.0.1:0")
	}
	if o.images == "" && o.labels != "" {
		return nil, errors.New("-labels is for films of -images")
	}
	if o.out == "" && o.images != "" {
		o.out = "workbench"
	}
	if o.out == "" {
		return o, nil
	}
	if o.store == "" {
		o.store = filepath.Join(o.out, "embeddings")
	}
	if err := cli.CanFill(o.out); err != nil {
		return nil, err
	}
	return o, cli.CanFill(o.store)
}

// films says what the films are.
func (o *options) films() string {
	if o.images == "" {
		return "synthetic films"
	}
	if o.server() {
		return "films of a DICOMweb server"
	}
	return "films of " + filepath.Base(o.images)
}

// kept says where labels are.
func (o *options) kept() string {
	if o.out == "" {
		return "memory, as films are synthetic: -out keeps them"
	}
	return filepath.Join(o.out, board.LabelsFile)
}

// board is what the flags ask for; films are to be closed in the end.
func (o *options) board(ctx context.Context) (on *board.Options, closeFilms func() error, err error) {
	on = &board.Options{Model: o.open}
	if o.out != "" {
		on.Folder = folder(o.out)
	}
	if o.store != "" {
		on.Embeddings = folder(o.store)
	}
	if o.images == "" {
		films := phantom.Cohort{Patients: 120, Seed: 2026, Difficulty: 0.5, Size: 300}.FS()
		on.Inputs = []board.Input{{FS: films}}
		on.Table, err = some(films)
		return on, func() error { return nil }, err
	}
	if o.labels != "" {
		file, err := os.ReadFile(o.labels)
		if err != nil {
			return nil, nil, err
		}
		if on.Table, err = board.ReadTable(bytes.NewReader(file)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", o.labels, err)
		}
	}
	if o.server() {
		on.Source, err = o.source()
		return on, func() error { return nil }, err
	}
	found, err := input.Find(ctx, o.images)
	if err != nil {
		return nil, nil, err
	}
	for _, in := range found {
		on.Inputs = append(on.Inputs, board.Input{FS: in.FS, Within: in.Within, Prefix: in.Prefix})
	}
	return on, func() (err error) {
		for _, in := range found {
			err = errors.Join(err, in.Close())
		}
		return err
	}, nil
}

// some is the truth about a third of the synthetic films, so that there is something
// to see at once, and something left to do.
func some(films fs.FS) (*board.Table, error) {
	file, err := fs.ReadFile(films, phantom.LabelsFile)
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	return board.ReadTable(bytes.NewReader(bytes.Join(lines[:1+len(lines)/3], nil)))
}

// open opens the encoder: with a processor less than there are, for who labels.
func (o *options) open(context.Context) (embed.Embedder, error) {
	with := &local.Options{Parallel: max(1, runtime.GOMAXPROCS(0)-1)}
	if o.model == "" {
		return mini.Open(with)
	}
	if info, err := os.Stat(o.model); err == nil && info.IsDir() {
		return local.OpenFolder(o.model, with)
	}
	return local.Open(o.model, with)
}
