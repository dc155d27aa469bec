// Compare finds the encoder that serves one's own labels best: it cross-validates
// linear probes on what each encoder makes of the same films, tests the
// differences, and draws them.
//
//	go run ./examples/compare
//	go run ./examples/compare -images films.zip -labels labels.csv -finding effusion,edema mini own.onnx embeddings
//
// An encoder is mini, the one that comes with the library; random, the same with
// random weights; pixels; an ONNX file; or a folder or file of embeddings that were
// kept, such as runinference leaves. The others are tested against the first.
// Without arguments films are real ones whose embeddings come with the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

func main() { cli.Main("compare", run) }

const usage = `Compare finds the encoder that serves one's own labels best: by cross-validation on the
same films, with paired tests against the first encoder, and a figure. An encoder is
mini, random, pixels, an ONNX file, or a folder of embeddings. Without arguments films
are real ones whose embeddings come with the program.

    compare
    compare -images films.zip -labels labels.csv mini pixels own.onnx
    compare -labels labels.csv -finding effusion,edema embeddings more-embeddings
`

type options struct {
	images, labels, out string
	findings, encoders  []string
	repeats             int
	model               local.Options
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := cli.Flags("compare", usage, stderr)
	var findings string
	flags.StringVar(&o.images, "images", "", "`folder` or zip of films; needed unless all encoders are embeddings that were kept")
	flags.StringVar(&o.labels, "labels", "", "CSV `file` of labels")
	flags.StringVar(&findings, "finding", "", "columns of the labels, by commas; empty: all")
	flags.StringVar(&o.out, "out", "compare.png", "picture to write")
	flags.IntVar(&o.repeats, "repeats", 3, "times that five folds are dealt")
	flags.StringVar(&o.model.Output, "output", "", "of ONNX files: `tensor` that is the embedding; features: what the last fully connected layer takes")
	pool := flags.Bool("mean", false, "of ONNX files: the mean over an output's tokens")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.encoders = flags.Args()
	if findings != "" {
		o.findings = strings.Split(findings, ",")
	}
	if o.model.Output == "features" {
		o.model.Output = local.LastGemmInput
	}
	if *pool {
		o.model.Pool = local.PoolMean
	}
	switch {
	case o.labels == "" && (o.images != "" || len(o.encoders) > 0):
		return nil, errors.New("-labels is needed with -images and with encoders")
	case o.labels != "" && len(o.encoders) < 2:
		return nil, fmt.Errorf("%s given, want two or more: mini, random, pixels, ONNX files, folders of embeddings", cli.Count(len(o.encoders), "encoder"))
	}
	return o, cli.CanWrite(o.out)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	encodings, err := o.encodings(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	if len(encodings[0].Films.Findings) == 0 {
		return fmt.Errorf("%s: no finding has films with it and films without", o.labels)
	}
	fmt.Fprintf(stdout, "%s of %s, each seen by %s\n\n", cli.Films(len(encodings[0].Films.Examples)),
		cli.Count(len(encodings[0].Films.Patients()), "patient"), cli.Count(len(encodings), "encoder"))
	var bar *progress.Progress
	c, err := report.CompareEncoders(ctx, head.Linear{}, encodings, &report.CrossOptions{Repeats: o.repeats, Seed: 1, Progress: func(_, total int) {
		if bar == nil {
			bar = progress.New(stderr, "cross-validating", "heads", total)
		}
		bar.Step()
	}})
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, c)
	if err := atomicfile.WriteFile(o.out, c.PNG()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n", o.out)
	return nil
}

// encodings are the films as the encoders see them.
func (o *options) encodings(ctx context.Context, stdout, stderr io.Writer) (all []report.Encoding, err error) {
	if o.labels != "" {
		return o.own(ctx, stderr)
	}
	fmt.Fprintf(stdout, "real films, by their stored embeddings: %s\n", nihfilms.Source)
	films, err := nihfilms.Datasets(o.findings...)
	if err != nil {
		return nil, err
	}
	for _, d := range films {
		all = append(all, report.Encoding{Name: d.Examples[0].Embedding.Space.Model, Films: d})
	}
	return all, nil
}
