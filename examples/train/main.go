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
//
// Without arguments it trains on embeddings of real films that come with it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
	"github.com/cxrkit/cxrkit/examples/internal/stored"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

func main() { cli.Main("train", run) }

type options struct {
	data, labels, finding, train, tune, kind, save string
	epochs, networks, batch                        int
	seed                                           uint64
}

const usage = `Train fits a head on embeddings and labels, calibrates it, and tests it on patients
that it has not seen. Without --data_dir it does so on embeddings of real films that
come with it: abnormal or not.

    train
    train --data_dir embeddings --labels_csv labels.csv --head_name EFFUSION
`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := cli.Flags("train", usage, stderr)
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
	if err := cli.Parse(f, args); err != nil {
		return nil, err
	}
	switch {
	case o.stored() && o.labels+o.finding != "" || !o.stored() && (o.labels == "" || o.finding == ""):
		return nil, errors.New("--data_dir, --labels_csv and --head_name go together; none of them: real films that come with the program")
	case o.kind != "linear" && o.kind != "mlp":
		return nil, fmt.Errorf("--head %q, want linear or mlp", o.kind)
	}
	return o, errors.Join(cli.CanWrite(o.save+".html"), cli.CanWrite(o.save+".cxrhead"))
}

// stored is whether the films are those that come with the program.
func (o *options) stored() bool { return o.data == "" }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	all, err := o.load(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	train, tune, test, err := o.split(all)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s to train on, %d to tune, %d to test\n", cli.Films(len(train.Examples)), len(tune.Examples), len(test.Examples))
	for name, part := range map[string]*head.Dataset{"training": train, "tuning": tune} {
		if leak := head.FindLeak(part, test); len(leak.Patients)+len(leak.Films) > 0 {
			fmt.Fprintf(stderr, "warning: %s and %s are in both the %s and the test films\n", cli.Count(len(leak.Patients), "patient"), cli.Films(len(leak.Films)), name)
		}
	}
	h, err := o.trainer(stdout).Fit(ctx, train, tune)
	if err != nil {
		return err
	}
	if _, _, err := tune.Classes(0); err != nil {
		fmt.Fprintf(stdout, "not calibrated, no threshold chosen: %v\n", err)
	} else if h, err = calibrate(h, tune); err != nil {
		return err
	}
	r, err := o.judge(ctx, h, train, tune, test, stdout, stderr)
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
func (o *options) judge(ctx context.Context, h *head.Model, train, tune, test *head.Dataset, stdout, stderr io.Writer) (*report.Report, error) {
	const small = 300
	if len(test.Examples) > 0 {
		if all := len(train.Examples) + len(tune.Examples) + len(test.Examples); all < small {
			fmt.Fprintf(stdout, "%s are few to part: if none is of a test split, all are cross-validated\n", cli.Films(all))
		}
		return report.Evaluate(h, test, &report.Options{Title: title(test)})
	}
	fmt.Fprintln(stdout, "no test films: cross-validating the training and tuning films, five times five heads beside the one that is saved")
	all := &head.Dataset{Findings: train.Findings, Examples: slices.Concat(train.Examples, tune.Examples)}
	const folds, repeats = 5, 5
	bar := progress.New(stderr, "cross-validating", "heads", folds*repeats)
	return report.CrossValidate(ctx, o.trainer(io.Discard), all, &report.CrossOptions{
		Title: title(all), Folds: folds, Repeats: repeats, Seed: o.seed, Progress: func(int, int) { bar.Step() },
	})
}

// title is that of the page.
func title(d *head.Dataset) string {
	return d.Findings[0] + ", seen by " + d.Examples[0].Embedding.Space.Model
}

// load is the films with their labels.
func (o *options) load(ctx context.Context, stdout, stderr io.Writer) (*head.Dataset, error) {
	if o.stored() {
		fmt.Fprintf(stdout, "real films, by their stored embeddings: %s\n", nihfilms.Source)
		all, err := nihfilms.Datasets(nihfilms.Abnormal)
		if err != nil {
			return nil, err
		}
		return all[0], nil
	}
	embeddings, err := stored.Read(ctx, o.data)
	if err != nil {
		return nil, err
	}
	return stored.Label(embeddings, o.labels, []string{o.finding}, stderr)
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
