// Learningcurve asks how few labeled films do: it trains linear probes on more
// and more films and measures each on patients, or on a whole source of films,
// that none of them has seen. Beside the embedding it draws what the same network
// gives with random weights, and what the pixels of a thumbnail already tell.
//
// Without arguments the films are 484 real ones of NIH ChestX-ray14, whose
// embeddings come with the program. On films of one's own:
//
//	go run ./examples/learningcurve -images films.zip -labels labels.csv -finding effusion [-test-images others.zip]
//
// With -phantoms they are synthetic, which is for trying the program: any encoder
// sees what is drawn on them, one with random weights too.
//
// It prints a table and writes learningcurve.png.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

func main() { cli.Main("learningcurve", run) }

type options struct {
	images, testImages, labels, finding, out string
	limit, repeats                           int
	phantoms                                 bool
}

const usage = `Learningcurve asks how few labeled films do: it trains linear probes on more and
more films and measures each on patients that none of them has seen. Without
arguments it does so on embeddings of real films that come with it.

    learningcurve
    learningcurve -images films.zip -labels labels.csv -finding effusion
`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := cli.Flags("learningcurve", usage, stderr)
	flags.StringVar(&o.images, "images", "", "folder or zip of DICOM, PNG, JPEG or TIFF films; none: stored embeddings of real films")
	flags.StringVar(&o.testImages, "test-images", "", "folder or zip of the films to test on; none: a third of the patients in -images")
	flags.StringVar(&o.labels, "labels", "", "CSV of labels for -images and -test-images")
	flags.StringVar(&o.finding, "finding", "", "column of the labels; of the stored films abnormal, Atelectasis, Edema, Effusion or Infiltration")
	flags.StringVar(&o.out, "out", "learningcurve.png", "picture to write")
	flags.IntVar(&o.limit, "limit", 0, "films of each source to sample; 0: all")
	flags.IntVar(&o.repeats, "repeats", 10, "draws for each number of films")
	flags.BoolVar(&o.phantoms, "phantoms", false, "synthetic films, labeled for effusion: to try the program, not to compare encoders")
	if err := cli.Parse(flags, args); err != nil {
		return nil, err
	}
	switch {
	case o.images == "" && (o.testImages != "" || o.labels != ""):
		return nil, errors.New("-test-images and -labels go with -images")
	case o.images != "" && (o.labels == "" || o.finding == ""):
		return nil, errors.New("-images needs -labels and -finding")
	case o.phantoms && (o.images != "" || o.finding != ""):
		return nil, errors.New("-phantoms goes without -images and -finding")
	}
	return o, cli.CanWrite(o.out)
}

// An experiment is the same films under all kinds of features.
type experiment []*head.Dataset

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	pool, test, err := o.films(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	return draw(ctx, o, pool, test, stdout, stderr)
}

// stored is whether films are those that come with the program.
func (o *options) stored() bool { return o.images == "" && !o.phantoms }

// films are those to train on and those to test on.
func (o *options) films(ctx context.Context, stdout, stderr io.Writer) (pool, test experiment, err error) {
	if o.stored() {
		fmt.Fprintf(stdout, "real films, by their stored embeddings: %s\n", nihfilms.Source)
		all, err := nihfilms.Datasets(cmp.Or(o.finding, nihfilms.Abnormal))
		if err != nil {
			return nil, nil, err
		}
		return experiment(all).split()
	}
	k, err := openKinds()
	if err != nil {
		return nil, nil, err
	}
	if o.phantoms {
		fmt.Fprintln(stdout, "films are synthetic, to try this program: which encoder is better on them says nothing of real films")
		pool, err = embedPhantoms(ctx, k, stderr)
	} else {
		pool, err = embedFilms(ctx, k, o, o.images, stderr)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case o.testImages == "":
		return pool.split()
	}
	test, err = embedFilms(ctx, k, o, o.testImages, stderr)
	return pool, test, err
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
func draw(ctx context.Context, o *options, pool, test experiment, stdout, stderr io.Writer) error {
	trainOn, testOn := len(pool[0].Examples), len(test[0].Examples)
	fmt.Fprintf(stdout, "up to %s to train on, %d to test on\n\n", cli.Films(trainOn), testOn)
	var bar *progress.Progress
	var lines []report.Curve
	for i, d := range pool {
		curves, err := report.LearningCurve(ctx, head.Linear{}, d, test[i], &report.CurveOptions{Repeats: o.repeats, Progress: func(done, total int) {
			if bar == nil {
				bar = progress.New(stderr, "training", "heads", total*len(pool))
			}
			bar.Step()
		}})
		if err != nil {
			return err
		}
		for _, c := range curves {
			c.Name = d.Examples[0].Embedding.Space.Model
			lines = append(lines, c)
			fmt.Fprintln(stdout, c)
		}
	}
	figure := report.CurvesFigure(lines...)
	figure.Title = fmt.Sprintf("%s: AUC on %s of other patients", pool[0].Findings[0], cli.Films(testOn))
	if o.stored() {
		figure.Title = "NIH ChestX-ray14, " + figure.Title
	}
	if err := atomicfile.WriteFile(o.out, figure.PNG()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n", o.out)
	return nil
}
