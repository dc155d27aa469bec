// Evaluate measures how good embeddings of chest films are, from films to
// figures along the path a user takes: Normalize, Embed, train a head, count.
// It re-makes every figure of docs/MODELCARD.md:
//
//	go run ./internal/tools/evaluate -data ../shared/data
//	go run ./internal/tools/evaluate -phantoms
//
// the second by films that are drawn. It does the same for films and labels of one's own:
//
//	go run ./internal/tools/evaluate -images folder -labels labels.csv -findings Effusion,Edema
//
// With -best it asks of single findings which of mini, zones, measurements of
// the lungs and all three together tells them best; that one is chosen within the
// films a head is trained on.
//
// A line is "name | AUC | low | high | films": the area under the ROC curve
// and its 95 % interval (DeLong, by patient), over all films that were scored.
// Of each name the last word says what was judged: the model, another one
// (-model), the same network with random weights, or the 32 x 32 pixels of the
// film.
//
// A line is of a linear probe with C = 1 / number of features, five-fold by
// patient, and the mean of ten such cross-validations, which deal the patients
// differently. "tuned" is a probe whose C was chosen by cross-validation within the
// films it was trained on; "nearest" is no probe but the nearest neighbors; "A
// to B" is a probe trained on A and tested on B.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "evaluate:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	data := flags.String("data", "", "folder of labels.csv and a zip for each source")
	drawn := flags.Bool("phantoms", false, "judge by synthetic films, which need no data")
	images := flags.String("images", "", "folder of films")
	labels := flags.String("labels", "", "CSV of their labels: image_id, optionally patient and split, and findings")
	findings := flags.String("findings", "", "findings to judge, by commas; empty: all columns that hold labels")
	heads := flags.Bool("heads", false, "with -data: trainers beside each other, in place of embeddings")
	tabPFN := flags.String("tabpfn", "", "with -data: head.Linear beside TabPFN, whose unpacked source package tabpfn 0.1 of PyPI lies in this folder")
	python := flags.String("python", "python3", "with -tabpfn: a Python with torch and sklearn")
	choose := flags.Bool("best", false, "with -data: findings by mini, zones, measurements of the lungs, and the best of these, in place of embeddings")
	model := flags.String("model", "", "judge this ONNX file too")
	preprocess := flags.String("preprocess", "", "what that file's films become, as JSON of local.Preprocess; empty: what the file tells")
	int8 := flags.String("precision", "", "with -data: how far mini moves in bfloat16, and as this file of quantize.py")
	nothing := flags.String("calibrate", "", "with -data: write the input of mini's network for some films, by this file of quantize.py")
	names := flags.String("only", "", "contenders to judge, by commas: mini, zones, untrained, pixels or the base name of -model; empty: all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	ownFilms := *images != "" && *labels != ""
	if strays := *images + *labels + *findings; *drawn && *data+strays != "" || !*drawn && ((*data != "") == ownFilms || *data != "" && strays != "") {
		return errors.New("give either -data, or -images and -labels, or -phantoms")
	}
	others := 0 // what is judged in place of embeddings
	for _, asked := range []bool{*heads, *choose, *tabPFN != "", *int8 != "", *nothing != ""} {
		if asked {
			others++
		}
	}
	if others > 1 || others > 0 && *data == "" {
		return errors.New("give one of -heads, -best, -tabpfn, -precision and -calibrate, with -data")
	}
	contenders, err := contenders(*model, *preprocess)
	if err != nil {
		return err
	}
	if contenders, err = only(contenders, *names); err != nil {
		return err
	}
	switch {
	case *drawn:
		return phantoms(ctx, w, contenders, cohorts, patients)
	case ownFilms:
		return folder(ctx, w, *images, *labels, *findings, contenders)
	}
	switch {
	case *tabPFN != "":
		return compareTabPFN(ctx, w, *data, *python, *tabPFN)
	case *int8 != "":
		return precisions(ctx, w, *data, *int8)
	case *nothing != "":
		return calibration(ctx, w, *data, *nothing)
	case *heads:
		return compareHeads(ctx, w, *data)
	case *choose:
		return best(ctx, w, *data)
	}
	return card(ctx, w, *data, contenders)
}
