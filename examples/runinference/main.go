// Runinference embeds folders of films and keeps the embeddings, one file a
// film. It has the flags of CXR Foundation's run_inference:
//
//	go run ./examples/runinference --input_path films --output_path embeddings
//	go run ./examples/runinference --input_path films --output_path embeddings --embedder haidef --embeddings_project P --endpoint_id E
//
// Films whose embedding is there already are not embedded again: a run that was
// ended goes on where it was. At the end there is a line for each kind of
// outcome, and failures.jsonl among the embeddings names the films that failed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/vertex"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, term.IsTerminal(int(os.Stderr.Fd()))); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "runinference:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	input, output, fileType, embedder, model, format string
	limit, parallel, batch                           int
	skipErrors, baseNames, anyView                   bool
	vertex                                           vertex.Options
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("runinference", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.input, "input_path", "", "`folder`, zip file, film or pattern of films")
	f.StringVar(&o.output, "output_path", "", "`folder` for the embeddings")
	f.StringVar(&o.fileType, "input_file_type", "", "dicom or png; films are known by their content, so this changes nothing")
	f.IntVar(&o.limit, "limit", 0, "films to read at most; 0: all")
	f.BoolVar(&o.skipErrors, "skip_errors", false, "go on after a film that fails")
	f.StringVar(&o.embedder, "embedder", "local", "local, v1, v2, haidef or medsiglip")
	f.StringVar(&o.model, "model", "", "local: ONNX `file`; empty: the small encoder inside")
	f.StringVar(&o.vertex.Project, "embeddings_project", "", "`project` of the endpoint")
	f.StringVar(&o.vertex.Location, "location", "us-central1", "of the endpoint")
	f.StringVar(&o.vertex.Endpoint, "endpoint_id", "", "`id` of the endpoint")
	f.StringVar(&o.vertex.QFormer, "qformer_id", "", "v2: `id` of the second endpoint")
	f.StringVar(&o.vertex.Host, "endpoint", "", "`host:port` of a dedicated endpoint, or of a stand-in on this machine")
	f.BoolVar(&o.vertex.Insecure, "insecure", false, "no TLS and no credentials, for a stand-in on this machine")
	f.StringVar(&o.format, "format", store.TFRecord, "of the embeddings: tfrecord or npz")
	f.IntVar(&o.parallel, "parallel", 0, "calls of the embedder at once; 0: one for each processor")
	f.IntVar(&o.batch, "batch", 0, "films in a call; 0: 1 local, 8 else")
	f.BoolVar(&o.baseNames, "base_names", false, "name embeddings by their films, as upstream does")
	f.BoolVar(&o.anyView, "any_view", false, "take films that are not frontal too")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.input == "" || o.output == "":
		return nil, errors.New("--input_path and --output_path are needed")
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag", f.Arg(0))
	case o.fileType != "" && o.fileType != "dicom" && o.fileType != "png":
		return nil, fmt.Errorf("--input_file_type %q, want dicom or png", o.fileType)
	case strings.Contains(o.input, "://") || strings.Contains(o.output, "://"):
		return nil, errors.New("only folders of this machine are read and written")
	}
	return o, nil
}

// open is the embedder that the flags ask for.
func (o *options) open(ctx context.Context) (embed.Embedder, func() error, error) {
	closer := func() error { return nil }
	switch o.embedder {
	case "local":
		if o.model == "" {
			e, err := mini.Open(nil)
			return e, closer, err
		}
		e, err := local.Open(o.model, nil)
		return e, closer, err
	case vertex.V1, vertex.V2, vertex.HAIDEF, vertex.MedSigLIP:
		o.vertex.Protocol = o.embedder
		o.vertex.Dedicated = o.vertex.Host != "" && !o.vertex.Insecure
		if o.batch == 0 {
			o.batch = 8
		}
		c, err := vertex.New(ctx, &o.vertex)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	return nil, nil, fmt.Errorf("--embedder %q, want local, v1, v2, haidef or medsiglip", o.embedder)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer, terminal bool) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	e, closer, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer closer()
	m := e.Model()
	recipe := dicomconv.Options{Recipe: m.Recipe}
	if o.anyView {
		recipe.Views = dicomconv.ViewsAny
	}
	films, err := open(dicomconv.New(&recipe), o.input, o.limit)
	if err != nil {
		return err
	}
	kept, err := store.Open(o.output, m, &store.Options{Format: o.format, BaseNames: o.baseNames})
	if err != nil {
		return err
	}
	tally := &tally{counts: map[string]int{}, start: time.Now()}
	if terminal {
		tally.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription("films"), progressbar.OptionShowIts(), progressbar.OptionShowCount())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &embed.Run{Batch: o.batch, Parallel: o.parallel, Store: kept, OnItem: func(v embed.Event) {
		if tally.add(v); v.Err != nil && !o.skipErrors && v.Name() != "non-frontal" {
			cancel(v.Err)
		}
	}}
	err = r.Do(ctx, e, films, func(*cxr.Embedding) error { return nil })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	tally.print(stdout)
	if failures := tally.write(o.output); err == nil {
		err = failures
	}
	if err != nil {
		var one *cxr.ItemError
		if errors.As(err, &one) {
			err = fmt.Errorf("%w; with --skip_errors the run goes on", err)
		}
		return err
	}
	if n := len(tally.failed); n > 0 {
		return fmt.Errorf("%d films failed; %s names them", n, filepath.Join(o.output, failuresFile))
	}
	return nil
}

const failuresFile = "failures.jsonl"

// A tally counts outcomes by their names in upstream's pipeline.
type tally struct {
	counts map[string]int
	failed []failure
	films  int
	start  time.Time
	bar    *progressbar.ProgressBar
}

// A failure is a line of the failures file.
type failure struct {
	ID    string `json:"id"`
	Event string `json:"event"`
	Error string `json:"error"`
}

func (t *tally) add(v embed.Event) {
	t.films++
	t.counts[v.Name()]++
	if v.Err != nil && v.Name() != "non-frontal" {
		t.failed = append(t.failed, failure{v.ID, v.Name(), v.Err.Error()})
	}
	if t.bar != nil {
		t.bar.Add(1)
	}
}

func (t *tally) print(w io.Writer) {
	if t.bar != nil {
		t.bar.Finish()
	}
	for _, name := range slices.Sorted(maps.Keys(t.counts)) {
		fmt.Fprintf(w, "%s: %d\n", name, t.counts[name])
	}
	for _, f := range t.failed {
		fmt.Fprintf(w, "  %s\n", f.Error)
	}
}

// write replaces the failures of an earlier run.
func (t *tally) write(dir string) error {
	name := filepath.Join(dir, failuresFile)
	if len(t.failed) == 0 {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	var b []byte
	for _, f := range t.failed {
		line, err := json.Marshal(f)
		if err != nil {
			return err
		}
		b = append(append(b, line...), '\n')
	}
	return os.WriteFile(name, b, 0o666)
}
