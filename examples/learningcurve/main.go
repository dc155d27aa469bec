// Learningcurve asks how few labeled films do: it trains linear probes on more
// and more films and measures each on patients, or on a whole source of films,
// that none of them has seen. Beside the embedding it draws what the same network
// gives with random weights, and what the pixels of a thumbnail already tell.
//
// Without arguments the films are synthetic. On real ones:
//
//	go run ./examples/learningcurve -images films.zip -labels labels.csv -finding effusion [-test-images others.zip]
//
// It prints a table and writes learningcurve.png.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "learningcurve:", err)
		os.Exit(1)
	}
}

type options struct {
	images, testImages, labels, finding, out string
	limit, repeats                           int
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("learningcurve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.images, "images", "", "folder or zip of DICOM, PNG, JPEG or TIFF films; none: synthetic films")
	flags.StringVar(&o.testImages, "test-images", "", "folder or zip of the films to test on; none: a third of the patients in -images")
	flags.StringVar(&o.labels, "labels", "", "CSV of labels for -images and -test-images")
	flags.StringVar(&o.finding, "finding", "", "column of the labels")
	flags.StringVar(&o.out, "out", "learningcurve.png", "picture to write")
	flags.IntVar(&o.limit, "limit", 0, "films of each source to sample; 0: all")
	flags.IntVar(&o.repeats, "repeats", 10, "draws for each number of films")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.images == "" && (o.testImages != "" || o.labels != "" || o.finding != ""):
		return nil, errors.New("-test-images, -labels and -finding go with -images")
	case o.images != "" && (o.labels == "" || o.finding == ""):
		return nil, errors.New("-images needs -labels and -finding")
	}
	return o, nil
}

// An experiment is the same films under all kinds of features.
type experiment []*head.Dataset

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	k, err := openKinds()
	if err != nil {
		return err
	}
	var pool, test experiment
	if o.images == "" {
		fmt.Fprintln(stdout, "films are synthetic: the figures measure this software, not medicine")
		if pool, err = embedPhantoms(ctx, k, stderr); err != nil {
			return err
		}
	} else if pool, err = embedFilms(ctx, k, o, o.images, stderr); err != nil {
		return err
	}
	if o.testImages != "" {
		test, err = embedFilms(ctx, k, o, o.testImages, stderr)
	} else {
		pool, test, err = pool.split()
	}
	if err != nil {
		return err
	}
	return draw(ctx, o, k, pool, test, stdout)
}

// split parts all kinds of features alike: they are of the same films.
func (e experiment) split() (pool, test experiment, err error) {
	const testFraction, seed = 1.0 / 3, 1
	for _, d := range e {
		a, b, err := head.Split(d, testFraction, seed)
		if err != nil {
			return nil, nil, err
		}
		pool, test = append(pool, a), append(test, b)
	}
	return pool, test, nil
}

// draw makes the curves, the table and the picture.
func draw(ctx context.Context, o *options, k kinds, pool, test experiment, stdout io.Writer) error {
	fmt.Fprintf(stdout, "up to %d films to train on, %d to test on\n\n", len(pool[0].Examples), len(test[0].Examples))
	var lines []report.Curve
	for i, e := range k {
		curves, err := report.LearningCurve(ctx, head.Linear{}, pool[i], test[i], &report.CurveOptions{Repeats: o.repeats})
		if err != nil {
			return err
		}
		for _, c := range curves {
			c.Name += ", " + e.Space().Model
			lines = append(lines, c)
			fmt.Fprintln(stdout, c)
		}
	}
	if err := atomicfile.WriteFile(o.out, report.CurvesFigure(lines...).PNG()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n", o.out)
	return nil
}
