// Quickstart goes the whole way: films to embeddings to a trained classifier,
// measured on patients it has not seen.
//
// Without arguments it makes synthetic films as DICOM files, so it needs no
// data, no account and no network. With -images and -labels it does the same
// on real ones:
//
//	go run ./examples/quickstart -images films.zip -labels labels.csv -finding effusion
//
// It prints one line for each finding and writes roc.png, contactsheet.png and
// report.html, a page with every curve and figure. Synthetic films are for trying
// this: at the end a line tells how the same goes on real ones, whose embeddings
// come with the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/cohort"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
	"github.com/cxrkit/cxrkit/examples/internal/sheet"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

const (
	seed         = 1
	testFraction = 0.3
	perPage      = 4 // findings on the contact sheet
)

func main() { cli.Main("quickstart", run) }

type options struct {
	images, labels, finding, out string
	limit                        int
}

const usage = `Quickstart goes the whole way: films to embeddings to a trained classifier, measured
on patients it has not seen. Without arguments it draws films itself.

    quickstart
    quickstart -images films.zip -labels labels.csv -finding effusion
`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := cli.Flags("quickstart", usage, stderr)
	flags.StringVar(&o.images, "images", "", "folder or zip of DICOM, PNG or JPEG films; empty: synthetic films")
	flags.StringVar(&o.labels, "labels", "", "CSV with image_id, optional patient and split, and a column of 0 and 1 for each finding")
	flags.StringVar(&o.finding, "finding", "", "finding to learn; empty: all in the CSV")
	flags.IntVar(&o.limit, "limit", 0, "use this many films, sampled by a fixed seed; 0: all")
	flags.StringVar(&o.out, "out", ".", "folder for the pictures")
	if err := cli.Parse(flags, args); err != nil {
		return nil, err
	}
	switch {
	case (o.images == "") != (o.labels == ""):
		return nil, errors.New("-images and -labels go together")
	case o.limit < 0:
		return nil, errors.New("-limit is negative")
	}
	return o, cli.CanFill(o.out)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	start := time.Now()
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	c, err := o.cohort(stdout)
	if err != nil {
		return err
	}
	defer c.Close()

	// From films to embeddings.
	embedder, err := mini.Open(nil)
	if err != nil {
		return err
	}
	bar := progress.New(stderr, "embedding", "films", len(c.Paths))
	var embeddings []*cxr.Embedding
	thumbs := map[string]*cxr.Image{} // for the contact sheet: the films themselves are gone once embedded
	err = embed.Run{}.Do(ctx, embedder, dicomconv.New(nil).Files(c.FS, c.Paths...), func(film embed.Event) error {
		bar.Step()
		if film.Err != nil {
			bar.Line(film.Err.Error())
			return nil
		}
		embeddings = append(embeddings, film.Embedding)
		thumbs[film.ID] = sheet.Thumb(film.Image)
		return nil
	})
	if err != nil {
		return err
	}
	space := embedder.Space()
	fmt.Fprintf(stdout, "embedded %s, %d failed: %s, %d features\n", cli.Films(len(embeddings)), len(c.Paths)-len(embeddings), space.Model, space.Tokens*space.Dim)

	// From embeddings and labels to a classifier.
	data, _, err := c.Labels.Join(embeddings)
	if err != nil {
		return err
	}
	train, test, how, err := split(data)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "trained on %s, tested on %d, %s\n\n", cli.Films(len(train.Examples)), len(test.Examples), how)
	classifier, err := head.Linear{}.Fit(ctx, train, nil)
	if err != nil {
		return fmt.Errorf("training films: %w", err)
	}
	r, err := report.Evaluate(classifier, test, &report.Options{Title: o.title(space.Model)})
	if err != nil {
		return fmt.Errorf("test films: %w", err)
	}
	fmt.Fprint(stdout, r)

	if err := writePictures(o.out, r, classifier, test, thumbs); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nwrote %s, %s and %s\n", filepath.Join(o.out, rocFile), filepath.Join(o.out, sheetFile), filepath.Join(o.out, reportFile))
	if o.images == "" {
		if err := onRealFilms(ctx, stdout); err != nil {
			return err
		}
	}
	fmt.Fprintf(stderr, "took %.1f s\n", time.Since(start).Seconds())
	return nil
}

// onRealFilms tells what embeddings of real films are worth.
func onRealFilms(ctx context.Context, stdout io.Writer) error {
	all, err := nihfilms.Datasets(nihfilms.Abnormal)
	if err != nil {
		return err
	}
	var areas []report.Interval
	for _, d := range all {
		r, err := report.CrossValidate(ctx, head.Linear{}, d, &report.CrossOptions{Repeats: 1, Seed: seed})
		if err != nil {
			return err
		}
		areas = append(areas, r.Findings[0].AUC)
	}
	fmt.Fprintf(stdout, "on real films, %s:\nabnormal or not, five-fold: AUC %v; random weights %.2f, pixels %.2f\n",
		nihfilms.Source, areas[0], areas[1].Value, areas[2].Value)
	return nil
}

// title is that of the page and of pictures.
func (o *options) title(model string) string {
	if o.images == "" {
		return "Synthetic films, seen by " + model
	}
	return "Films seen by " + model
}

// cohort is the films that the flags name, or without any a synthetic one: enough
// patients for an interval worth printing, films small enough for a few seconds.
func (o *options) cohort(stdout io.Writer) (*cohort.Cohort, error) {
	if o.images != "" {
		var findings []string
		if o.finding != "" {
			findings = append(findings, o.finding)
		}
		return cohort.Open(o.images, o.labels, o.limit, findings...)
	}
	fmt.Fprintln(stdout, "films are synthetic, to try this program: the figures measure it, not medicine")
	films := phantom.Cohort{Patients: 160, Seed: 2022, Difficulty: 0.6, Size: 300}.FS()
	labels, err := films.Open(phantom.LabelsFile)
	if err != nil {
		return nil, err
	}
	defer labels.Close()
	return cohort.Find(films, labels, o.limit)
}

// split follows the labels' own split where they have one, and parts patients
// otherwise.
func split(d *head.Dataset) (train, test *head.Dataset, how string, err error) {
	train, test = &head.Dataset{Findings: d.Findings}, &head.Dataset{Findings: d.Findings}
	patients := 0
	for _, e := range d.Examples {
		switch strings.ToLower(e.Split) {
		case "train":
			train.Examples = append(train.Examples, e)
		case "test":
			test.Examples = append(test.Examples, e)
		}
		if e.Patient != "" {
			patients++
		}
	}
	if len(train.Examples) > 0 && len(test.Examples) > 0 {
		return train, test, "as the labels' split column says", nil
	}
	train, test, err = head.Split(d, testFraction, seed)
	switch {
	case patients == 0:
		how = "split by film: the labels name no patients"
	case patients < len(d.Examples):
		how = fmt.Sprintf("split by patient (%s without one)", cli.Films(len(d.Examples)-patients))
	default:
		how = "split by patient"
	}
	return train, test, how, err
}

const (
	rocFile   = "roc.png"
	sheetFile = "contactsheet.png"

	reportFile = "report.html"
)

func writePictures(dir string, r *report.Report, h head.Head, test *head.Dataset, thumbs map[string]*cxr.Image) error {
	if err := atomicfile.WriteFile(filepath.Join(dir, rocFile), r.PNG()); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(filepath.Join(dir, reportFile), []byte(r.HTML())); err != nil {
		return err
	}
	rows, err := sheetRows(r, h, test, thumbs)
	if err != nil {
		return err
	}
	picture, err := sheet.PNG(rows)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(dir, sheetFile), picture)
}
