// Train fits a head on embeddings and labels and evaluates it. It has the flags
// of CXR Foundation's train:
//
//	go run ./examples/train --data_dir embeddings --labels_csv labels.csv --head_name EFFUSION
//
// The labels are a CSV file with the columns image_id, split, and one for each
// finding; patient keeps a patient's films together. Films whose split is
// neither training nor tuning test the head; if there are none it is tested by
// cross-validation of all, and says so: films that something was chosen by are
// never reported as test films. Without a split column films are dealt: a fifth to
// test and a fifth of the others to tune. Tuning films calibrate the head and
// choose its threshold.
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
	"slices"
	"syscall"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

type options struct {
	data, labels, finding, train, tune, kind, save string
	epochs, networks, batch                        int
	seed                                           uint64
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("train", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.data, "data_dir", "", "`folder` or file of embeddings: TFRecord, npz or shards; also a folder of gs://, s3://, file://")
	f.StringVar(&o.labels, "labels_csv", "", "CSV `file` of labels")
	f.StringVar(&o.finding, "head_name", "", "`finding` to train for: a column of the labels")
	for _, name := range []string{"train_split_name", "train_label"} {
		f.StringVar(&o.train, name, "train", "`split` to train on")
	}
	for _, name := range []string{"tune_split_name", "validate_label"} {
		f.StringVar(&o.tune, name, "tune", "`split` to calibrate the head and to choose its threshold by")
	}
	f.StringVar(&o.kind, "head", "mlp", "linear, or mlp: the published network")
	f.IntVar(&o.epochs, "num_epochs", 30, "mlp: passes over the films")
	f.IntVar(&o.networks, "num_networks", 3, "mlp: networks that are trained and joined into one")
	f.IntVar(&o.batch, "batch_size", 512, "mlp: films a step")
	f.StringVar(&o.save, "save_model_name", "model", "`name` of the files that the head (.cxrhead) and its report (.html) are written to")
	f.Uint64Var(&o.seed, "seed", 1, "of what is drawn at random")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.data == "" || o.labels == "" || o.finding == "":
		return nil, errors.New("--data_dir, --labels_csv and --head_name are needed")
	case o.kind != "linear" && o.kind != "mlp":
		return nil, fmt.Errorf("--head %q, want linear or mlp", o.kind)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	all, err := load(ctx, o, stderr)
	if err != nil {
		return err
	}
	train, tune, test, err := o.split(all)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d films to train on, %d to tune, %d to test\n", len(train.Examples), len(tune.Examples), len(test.Examples))
	for name, part := range map[string]*head.Dataset{"training": train, "tuning": tune} {
		if leak := head.FindLeak(part, test); len(leak.Patients)+len(leak.Films) > 0 {
			fmt.Fprintf(stderr, "warning: %d patients and %d films are in both the %s and the test films\n", len(leak.Patients), len(leak.Films), name)
		}
	}
	h, err := o.trainer(stdout).Fit(ctx, train, tune)
	if err != nil {
		return err
	}
	if _, _, err := tune.Classes(0); err != nil {
		fmt.Fprintf(stdout, "not calibrated, threshold 0.5: %v\n", err)
	} else if h, err = calibrate(h, tune); err != nil {
		return err
	}
	r, err := o.judge(ctx, h, train, tune, test, stdout)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, r)
	if err := atomicfile.WriteFile(o.save+".html", []byte(r.HTML())); err != nil {
		return err
	}
	var file bytes.Buffer
	if _, err := h.WriteTo(&file); err != nil {
		return err
	}
	if err = atomicfile.WriteFile(o.save+".cxrhead", file.Bytes()); err == nil {
		fmt.Fprintf(stdout, "wrote %s and %s\n", filepath.Base(o.save)+".cxrhead", filepath.Base(o.save)+".html")
	}
	return err
}

// calibrate fits probabilities, and then a threshold, to tuning films.
func calibrate(h *head.Model, tune *head.Dataset) (*head.Model, error) {
	h, err := h.Calibrate(tune, head.Platt)
	if err != nil {
		return nil, err
	}
	return report.Choose(h, tune, report.Youden, 0)
}

// judge tests the head, or without test films the way in which it was trained.
func (o *options) judge(ctx context.Context, h *head.Model, train, tune, test *head.Dataset, stdout io.Writer) (*report.Report, error) {
	const small = 300
	if len(test.Examples) > 0 {
		if all := len(train.Examples) + len(tune.Examples) + len(test.Examples); all < small {
			fmt.Fprintf(stdout, "%d films are few to part: if none is of a test split, all are cross-validated\n", all)
		}
		return report.Evaluate(h, test, nil)
	}
	fmt.Fprintln(stdout, "no test films: cross-validating the training and tuning films, five times five heads beside the one that is saved")
	all := &head.Dataset{Findings: train.Findings, Examples: slices.Concat(train.Examples, tune.Examples)}
	return report.CrossValidate(ctx, o.trainer(io.Discard), all, &report.CrossOptions{Repeats: 5, Seed: o.seed})
}

// load joins embeddings and labels and tells what has no counterpart.
func load(ctx context.Context, o *options, stderr io.Writer) (*head.Dataset, error) {
	embeddings, err := read(ctx, o.data)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(o.labels)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: []string{o.finding}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.labels, err)
	}
	d, unmatched, err := labels.Join(embeddings)
	if err != nil {
		return nil, err
	}
	if n, m := len(unmatched.Embeddings), len(unmatched.Rows); n+m > 0 {
		fmt.Fprintf(stderr, "%d embeddings without labels, %d labels without embeddings: left out\n", n, m)
	}
	return d, nil
}

// read reads the embeddings of a file or folder.
func read(ctx context.Context, name string) ([]*cxr.Embedding, error) {
	if !bucket.Is(name) {
		if files, err := filepath.Glob(filepath.Join(name, "*.arrow")); err == nil && len(files) > 0 {
			return readShards(name)
		}
		return store.Read(name)
	}
	b, err := bucket.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return store.ReadFS(b, ".")
}

func readShards(name string) ([]*cxr.Embedding, error) {
	r, err := shards.Read(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all := make([]*cxr.Embedding, r.Len())
	for i := range all {
		all[i] = r.Embedding(i)
	}
	return all, nil
}

// split deals films by their split, or by chance if no film has one.
func (o *options) split(all *head.Dataset) (train, tune, test *head.Dataset, err error) {
	of := func(keep func(split string) bool) *head.Dataset {
		return all.Where(func(e *head.Example) bool { return keep(e.Split) })
	}
	train = of(func(s string) bool { return s == o.train })
	tune = of(func(s string) bool { return s == o.tune })
	test = of(func(s string) bool { return s != "" && s != o.train && s != o.tune })
	switch {
	case len(of(func(s string) bool { return s != "" }).Examples) == 0:
		if train, test, err = head.Split(all, 0.2, o.seed); err == nil {
			train, tune, err = head.Split(train, 0.2, o.seed+1)
		}
	case len(train.Examples) == 0:
		err = fmt.Errorf("no film of split %q", o.train)
	case len(tune.Examples) == 0:
		err = fmt.Errorf("no film of split %q", o.tune)
	}
	return train, tune, test, err
}

// trainer is what the flags ask for. It prints epochs.
func (o *options) trainer(stdout io.Writer) head.Trainer {
	if o.kind == "linear" {
		return head.Linear{Candidates: []float64{1e-4, 1e-3, 1e-2, 1e-1, 1}, Seed: o.seed}
	}
	fmt.Fprintln(stdout, "network  epoch     loss  tuning loss  tuning AUC")
	return &mlp.Trainer{Networks: o.networks, Epochs: o.epochs, BatchSize: o.batch, Dropout: 0.7, Seed: o.seed, OnEpoch: func(e mlp.Epoch) {
		fmt.Fprintf(stdout, "%7d %6d %8.4f %12.4f %11.4f\n", e.Network, e.Number, e.Loss, e.TuneLoss, e.TuneAUC)
	}}
}
