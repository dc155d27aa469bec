// Parquet takes embeddings elsewhere: it writes them with their labels, and with the
// scores of heads, as a table in a Parquet file that pandas, DuckDB, Apple's
// Embedding Atlas and FiftyOne open. docs/PARQUET.md shows each.
//
//	go run ./examples/parquet
//	go run ./examples/parquet --data_dir embeddings --labels_csv labels.csv --heads model.cxrhead --out films.parquet
//
// Without arguments films are real ones whose embeddings come with the program,
// with the scores of a head trained on half of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/stored"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/parquet"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

func main() { cli.Main("parquet", run) }

const usage = `Parquet writes embeddings with labels and scores as a table that pandas, DuckDB, Apple's
Embedding Atlas and FiftyOne open. Without arguments films are real ones whose embeddings
come with the program.

    parquet
    parquet --data_dir embeddings --labels_csv labels.csv --heads model.cxrhead --out films.parquet
`

type options struct {
	data, labels, heads, attributes, out string
	patients                             bool
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := cli.Flags("parquet", usage, stderr)
	f.StringVar(&o.data, "data_dir", "", "`folder` or file of embeddings: TFRecord, npz or shards; also a folder of gs://, s3://, file://")
	f.StringVar(&o.labels, "labels_csv", "", "CSV `file` of labels")
	f.StringVar(&o.heads, "heads", "", "`files` of heads whose scores to write, by commas")
	f.StringVar(&o.attributes, "attributes", "", "further `columns` of the labels to write, by commas: view, sex, site")
	f.BoolVar(&o.patients, "patients", false, "write the labels' patient column too")
	f.StringVar(&o.out, "out", "films.parquet", "`file` to write")
	if err := cli.Parse(f, args); err != nil {
		return nil, err
	}
	switch {
	case (o.data == "") != (o.labels == ""):
		return nil, errors.New("--data_dir and --labels_csv go together")
	case o.data == "" && o.heads+o.attributes != "":
		return nil, errors.New("--heads and --attributes go with --data_dir")
	}
	return o, cli.CanWrite(o.out)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	p := &parquet.Options{Patients: o.patients, Attributes: words(o.attributes)}
	for _, name := range words(o.heads) {
		h, err := readHead(name)
		if err != nil {
			return err
		}
		p.Heads = append(p.Heads, h)
	}
	var films *head.Dataset
	if o.data == "" {
		fmt.Fprintf(stdout, "real films, by their stored embeddings: %s\n", nihfilms.Source)
		var h *head.Model
		if films, h, err = realFilms(ctx); err != nil {
			return err
		}
		p.Heads = []head.Head{h}
	} else if films, err = o.films(ctx, stderr); err != nil {
		return err
	}
	err = atomicfile.Write(filepath.Dir(o.out), func(f *os.File) (string, error) {
		return filepath.Base(o.out), parquet.Write(f, films, p)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s: %s\n", o.out, cli.Films(len(films.Examples)))
	return nil
}

// films are the user's.
func (o *options) films(ctx context.Context, stderr io.Writer) (*head.Dataset, error) {
	embeddings, err := stored.Read(ctx, o.data)
	if err != nil {
		return nil, err
	}
	return stored.Label(embeddings, o.labels, nil, stderr)
}

// realFilms are the stored ones, with a head that is trained on those of split
// train.
func realFilms(ctx context.Context) (*head.Dataset, *head.Model, error) {
	all, err := nihfilms.Datasets()
	if err != nil {
		return nil, nil, err
	}
	train, test, err := head.Split(all[0], 0.5, 1)
	if err != nil {
		return nil, nil, err
	}
	h, err := head.Linear{}.Fit(ctx, train, nil)
	if err != nil {
		return nil, nil, err
	}
	films := &head.Dataset{Findings: train.Findings, Examples: slices.Concat(train.Examples, test.Examples)}
	for i := range films.Examples {
		films.Examples[i].Split = "train"
		if i >= len(train.Examples) {
			films.Examples[i].Split = "test"
		}
	}
	return films, h, nil
}

func readHead(name string) (*head.Model, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := head.ReadModel(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// words of a list by commas.
func words(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
