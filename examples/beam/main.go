// Beam runs the library's pipeline on Apache Beam: on Prism in this process, or
// with --runner on Flink, Spark or Dataflow. docs/BEAM.md has the commands.
//
//	go run . embed --input_path films --output_path embeddings
//	go run . train --data_dir embeddings --labels_csv labels.csv --head_name EFFUSION --save_model_name effusion
//	go run . score --data_dir embeddings --model effusion.cxrhead --output_path scores
//	go run . evaluate --data_dir embeddings --labels_csv labels.csv --model effusion.cxrhead --output_path evaluation
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/flink"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/spark"

	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
)

// What a runner gives the process that it starts as a worker, beside Beam's --id.
var (
	provision = flag.String("provision_endpoint", "", "`address` of the runner, set by it")
	_         = flag.String("artifact_endpoint", "", "likewise, not used")
)

// Flags are of the whole process, as Beam's are; these are known apart from
// Beam's for the help.
var (
	flags  = flag.NewFlagSet("beam", flag.ExitOnError)
	runner = flags.String("runner", "prism", "prism, flink, spark, dataflow or universal")

	inputs = flags.String("input_path", "", "embed: `folder`, zip file, film or pattern of films, or several with commas between; also gs://, s3://")
	output = flags.String("output_path", "", "`folder` for what is made")
	format = flags.String("format", "arrow", "embed: arrow, or tfrecord, which buckets take too")
	shards = flags.Int("shards", 0, "embed: Arrow files; 0: 16")
	batch  = flags.Int("batch", 0, "embed: films in a call; 0: 1 local, 8 else")
	rate   = flags.Float64("rate", 0, "embed: requests a second at most of all workers together; 0: no limit")
	lanes  = flags.Int("lanes", 0, "embed: parts that share the rate; 0: 16")
	model  = flags.String("model", "", "embed: ONNX `file`, empty for the small encoder inside; score, evaluate: .cxrhead file")

	embedder = flags.String("embedder", "local", "embed: local, v1, v2, haidef or medsiglip")
	vproject = flags.String("embeddings_project", "", "embed: `project` of the endpoint")
	location = flags.String("location", "us-central1", "embed: `location` of the endpoint")
	endpoint = flags.String("endpoint_id", "", "embed: `id` of the endpoint")
	host     = flags.String("endpoint_host", "", "embed: `host:port` of a dedicated endpoint")

	data   = flags.String("data_dir", "", "train, score, evaluate: `folder` of shards")
	labels = flags.String("labels_csv", "", "train, evaluate: CSV `file` of labels")
	names  = flags.String("head_name", "", "train: findings, with commas between")
	split  = flags.String("split", "", "train, evaluate: of these films alone; empty: all")
	save   = flags.String("save_model_name", "model", "train: `name` of the .cxrhead file")
)

func init() {
	flags.VisitAll(func(f *flag.Flag) { flag.Var(f.Value, f.Name, f.Usage) })
	flag.Usage = usage
}

// usage has the flags of this program before the many of Beam's.
func usage() {
	out := flag.CommandLine.Output()
	fmt.Fprint(out, "usage: beam embed|train|score|evaluate [flags]\n\n")
	flags.SetOutput(out)
	flags.PrintDefaults()
	fmt.Fprint(out, "\nBeam and its runners have:\n\n")
	beams := flag.NewFlagSet("", flag.ContinueOnError)
	beams.SetOutput(out)
	flag.VisitAll(func(f *flag.Flag) {
		if flags.Lookup(f.Name) == nil {
			beams.Var(f.Value, f.Name, f.Usage)
		}
	})
	beams.PrintDefaults()
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "beam: want embed, train, score or evaluate")
		os.Exit(2)
	}
	verb := os.Args[1]
	if strings.HasPrefix(verb, "-") { // a worker has none
		flag.Parse()
		verb = ""
	} else if err := flag.CommandLine.Parse(os.Args[2:]); err != nil {
		os.Exit(2)
	}
	if *provision != "" {
		fmt.Fprintln(os.Stderr, "beam:", cxrbeam.Work(flag.Lookup("id").Value.String(), *provision))
		os.Exit(1)
	}
	beam.Init()
	if err := run(context.Background(), verb, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "beam:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, verb string, stdout io.Writer) error {
	p, s := beam.NewPipelineWithRoot()
	paths := append(list(*inputs), *data, *labels, *model, *output)
	if verb == "train" {
		paths = append(paths, *save)
	}
	err := whole(paths)
	if err != nil {
		return err
	}
	switch verb {
	case "embed":
		err = embed(s)
	case "train":
		err = cxrbeam.Train(s, &cxrbeam.TrainOptions{Data: *data, Labels: *labels, Findings: list(*names), Split: *split, Save: *save + ".cxrhead"})
	case "score":
		err = cxrbeam.Score(s, *data, *model, *output)
	case "evaluate":
		err = cxrbeam.Evaluate(s, &cxrbeam.EvaluateOptions{Data: *data, Labels: *labels, Model: *model, Split: *split, Output: *output})
	default:
		err = fmt.Errorf("%q, want embed, train, score or evaluate", verb)
	}
	if err != nil {
		return err
	}
	r, err := execute(ctx, p)
	if err != nil {
		return err
	}
	if r == nil { // Dataflow keeps its counters in its console
		return nil
	}
	counts := map[string]int64{}
	for _, c := range r.Metrics().AllMetrics().Counters() {
		if c.Namespace() == "cxrkit" {
			counts[c.Name()] += c.Result()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(stdout, "%s: %d\n", name, counts[name])
	}
	return nil
}

func execute(ctx context.Context, p *beam.Pipeline) (beam.PipelineResult, error) {
	if *runner != "prism" {
		if err := stageItself(); err != nil {
			return nil, err
		}
		return beam.Run(ctx, *runner, p)
	}
	slog.SetLogLoggerLevel(slog.LevelWarn)
	log.SetLogger(&log.Standard{Level: log.SevWarn})
	return prism.Execute(ctx, p)
}

// stageItself spares Beam from compiling, which it does wherever it is not told
// of a program, one that workers which are processes do not take from it anyway.
func stageItself() (err error) {
	if strings.EqualFold(*jobopts.EnvironmentType, "process") && *jobopts.WorkerBinary == "" {
		*jobopts.WorkerBinary, err = os.Executable()
	}
	return err
}

func embed(s beam.Scope) error {
	places := list(*inputs)
	if len(places) == 0 || *output == "" {
		return errors.New("--input_path and --output_path are needed")
	}
	o := &cxrbeam.Options{
		Model: cxrbeam.Model{
			Embedder: *embedder, File: *model, Project: *vproject, Location: *location, Endpoint: *endpoint, Host: *host, Rate: *rate, Lanes: *lanes,
		},
		Output: *output, Format: *format, Shards: *shards, Batch: *batch,
	}
	if o.Batch == 0 && o.Model.Embedder != "local" {
		o.Batch = 8
	}
	space, err := o.Prepare()
	if err != nil {
		return err
	}
	films, unfit := cxrbeam.Match(s, places...)
	rows, failed := cxrbeam.Embed(s, films, o)
	cxrbeam.WriteShards(s, rows, space, o)
	cxrbeam.WriteFailures(s, o, unfit, failed)
	return nil
}

// whole wants names that mean the same on every worker.
func whole(names []string) error {
	for _, name := range names {
		if *runner != "prism" && name != "" && !bucket.Is(name) && !filepath.IsAbs(name) {
			return fmt.Errorf("%s: workers may run in another folder, give the whole path", name)
		}
	}
	return nil
}

func list(flag string) (all []string) {
	for part := range strings.SplitSeq(flag, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
