// Runinference embeds folders of films and keeps the embeddings, one file a
// film. It has the flags of CXR Foundation's run_inference:
//
//	go run ./examples/runinference --input_path films --output_path embeddings
//	go run ./examples/runinference --input_path gs://hospital/films --output_path gs://hospital/embeddings --embeddings_project P --endpoint_id E --embedder haidef
//
// Films whose embedding is there already are not embedded again: a run that was
// ended resumes. At the end there is a line for each kind of
// outcome, and failures.jsonl among the embeddings names the films that failed,
// empty if none did; --retry_failed reads those alone. Without arguments films are
// synthetic ones, and embeddings go to the folder embeddings.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
)

func main() { cli.Main("runinference", run) }

// options are the flags.
type options struct {
	input, list, output, fileType         string
	embedder, model, format, archive      string
	tensor                                string
	pool                                  local.Pool
	limit, parallel, batch                int
	skipErrors, retry, baseNames, anyView bool
	drawn                                 bool // films are synthetic
	vertex                                vertex.Options
}

const usage = `Runinference embeds folders of films and keeps the embeddings, one file a film. A run
that was ended resumes. Without arguments the films are synthetic ones.

    runinference
    runinference --input_path films --output_path embeddings
    runinference --input_path films --output_path embeddings --model own.onnx --output features --pool mean
`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := cli.Flags("runinference", usage, stderr)
	var pool string
	f.StringVar(&o.input, "input_path", "", "`folder`, zip file, film or pattern of films; also gs://, s3://, file://")
	f.StringVar(&o.list, "input_list", "", "`file` with such a path in each line, in place of input_path")
	f.StringVar(&o.output, "output_path", "", "`folder` for the embeddings; also gs://, s3://, file://")
	f.StringVar(&o.fileType, "input_file_type", "", "dicom or png; films are known by their content, so this changes nothing")
	f.IntVar(&o.limit, "limit", 0, "films to read at most; 0: all")
	f.BoolVar(&o.skipErrors, "skip_errors", false, "go on after a film that fails")
	f.BoolVar(&o.retry, "retry_failed", false, "of the films, only those that the last run's failures.jsonl names")
	f.StringVar(&o.embedder, "embedder", "", "local, v1, v2, haidef or medsiglip; empty: v1 with an endpoint_id, as upstream, else local")
	f.StringVar(&o.model, "model", "", "local: ONNX `file`; empty: the small encoder inside")
	f.StringVar(&o.tensor, "output", "", "local, with model: `tensor` that is the embedding; empty: the first output; features: what the last fully connected layer takes")
	f.StringVar(&pool, "pool", "none", "local, with model: what an output of many tokens becomes: none, mean or cls")
	f.StringVar(&o.vertex.Project, "embeddings_project", "", "`project` of the endpoint")
	f.StringVar(&o.vertex.Location, "location", "", "of the endpoint; empty: that of a whole name, else us-central1")
	f.StringVar(&o.vertex.Endpoint, "endpoint_id", "", "`id` of the endpoint")
	f.StringVar(&o.vertex.QFormer, "qformer_id", "", "v2: `id` of the second endpoint")
	f.StringVar(&o.vertex.QFormerHost, "qformer_endpoint", "", "v2: `host:port` of the second endpoint, if that is a dedicated one")
	f.StringVar(&o.vertex.QuotaProject, "quota_project", "", "`project` whose quota and bill the calls count for; empty: what the credentials say")
	f.StringVar(&o.vertex.Host, "endpoint", "", "`host:port` of a dedicated endpoint, or of a stand-in on this machine")
	f.BoolVar(&o.vertex.Insecure, "insecure", false, "no TLS and no credentials, for a stand-in on this machine")
	f.StringVar(&o.format, "format", store.TFRecord.String(), "of the embeddings: tfrecord or npz, a file a film, or arrow, files of many")
	f.StringVar(&o.archive, "archive", "", "npz `file` of this machine to write all embeddings to as well, each by its film's id")
	f.IntVar(&o.parallel, "parallel", 0, "calls of the embedder at once; 0: one for each processor")
	f.IntVar(&o.batch, "batch", 0, "films in a call; 0: 1 local, 8 else")
	f.BoolVar(&o.baseNames, "base_names", false, "name embeddings by their films, as upstream does")
	f.BoolVar(&o.anyView, "any_view", false, "take films that are not frontal too")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.input == "" && o.list == "" && o.output == "" && !o.retry {
		o.output, o.drawn = "embeddings", true
	}
	if o.tensor == "features" {
		o.tensor = local.LastGemmInput
	}
	pools := map[string]local.Pool{"none": local.PoolNone, "mean": local.PoolMean, "cls": local.PoolCLS}
	known := false
	if o.pool, known = pools[pool]; !known {
		return nil, fmt.Errorf("--pool %q, want none, mean or cls", pool)
	}
	switch {
	case o.drawn:
	case (o.input == "") == (o.list == "") || o.output == "":
		return nil, errors.New("--output_path is needed, and one of --input_path and --input_list")
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag; a value of a flag that is on or off follows an equals sign: --skip_errors=false", f.Arg(0))
	case o.model == "" && (o.tensor != "" || o.pool != local.PoolNone):
		return nil, errors.New("--output and --pool go with --model")
	case o.fileType != "" && o.fileType != "dicom" && o.fileType != "png":
		return nil, fmt.Errorf("--input_file_type %q, want dicom or png", o.fileType)
	}
	if o.embedder == "" {
		o.embedder = "local"
		if o.vertex.Endpoint != "" {
			o.embedder = vertex.V1.String()
		}
	}
	return o, o.checkOutputs()
}

// checkOutputs tells before any work what could not be written after it.
func (o *options) checkOutputs() error {
	if o.archive != "" {
		if err := cli.CanWrite(o.archive); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	if bucket.Is(o.output) {
		return nil
	}
	return cli.CanFill(o.output)
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
		e, err := local.Open(o.model, &local.Options{Output: o.tensor, Pool: o.pool})
		return e, closer, err
	default:
		if err := o.vertex.Protocol.UnmarshalText([]byte(o.embedder)); err != nil {
			return nil, nil, fmt.Errorf("--embedder %q, want local, v1, v2, haidef or medsiglip", o.embedder)
		}
		o.vertex.Dedicated = o.vertex.Host != "" && !o.vertex.Insecure
		if o.vertex.Location == "" && !strings.Contains(o.vertex.Endpoint, "/") {
			o.vertex.Location = "us-central1"
		}
		if o.batch == 0 {
			o.batch = 8
		}
		c, err := vertex.New(ctx, &o.vertex)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	e, closer, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer closer()
	recipe := cmp.Or(e.Space().Recipe, cxr.Standard)
	space := e.Space()
	space.Recipe = recipe
	out, err := o.openOutput(ctx, space)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	films, untried, err := o.films(ctx, recipe, out.folder)
	if err != nil {
		return err
	}
	tally := &tally{counts: map[string]int{}, bar: progress.New(stderr, "embedding", "films", films.Len())}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := embed.Run{Batch: o.batch, Parallel: o.parallel, Store: out.store}
	err = r.Do(ctx, e, films, func(film embed.Event) error {
		delete(untried, film.ID)
		tally.add(film)
		switch {
		case film.Err == nil:
			return out.add(film.Embedding)
		case errors.Is(film.Err, syscall.ENOSPC): // and so will all others
			cancel(film.Err)
			return film.Err
		case o.skipErrors || film.Name() == "non-frontal":
			return nil
		}
		cancel(film.Err)
		return film.Err
	})
	out.whole = err == nil
	tally.bar.End()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	tally.print(stdout)
	if failures := tally.write(context.WithoutCancel(ctx), out.folder, untried); err == nil {
		err = failures
	}
	var one *cxr.ItemError
	switch n := len(tally.failed); {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: the output_path is full; what is there stays, and the same command resumes", err)
	case errors.Is(err, embed.ErrAllFailed):
	case errors.As(err, &one):
		return fmt.Errorf("%w; with --skip_errors the run goes on", err)
	case err == nil && n > 0:
		return fmt.Errorf("%s failed; %s in the output_path names them", cli.Films(n), failuresFile)
	}
	return err
}

// films are the films that the flags name. With --retry_failed they are those
// of the failures file, which are returned too, by their ids.
func (o *options) films(ctx context.Context, recipe string, f fs.FS) (*input.Films, map[string]failure, error) {
	var inputs []input.Input
	var err error
	switch {
	case o.drawn:
		inputs = input.Phantoms()
	case o.list != "":
		inputs, err = input.List(ctx, o.list)
	default:
		inputs, err = input.Find(ctx, o.input)
	}
	if err != nil {
		return nil, nil, err
	}
	failed := map[string]failure{}
	if o.retry {
		if failed, err = readFailures(f); err != nil {
			return nil, nil, err
		}
		if inputs, err = input.Only(inputs, slices.Sorted(maps.Keys(failed))); err != nil {
			return nil, nil, err // a film that is gone stays among the failures
		}
	}
	c := dicomconv.Options{Recipe: recipe}
	if o.anyView {
		c.Views = dicomconv.ViewsAny
	}
	return input.NewFilms(dicomconv.New(&c), o.limit, inputs), failed, nil
}
