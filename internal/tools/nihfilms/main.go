// Nihfilms makes the embeddings of real films in internal/nihfilms: those of
// nih_dev, by the encoder of embed/local/mini, by the same network with random
// weights, and by pixels.
//
//	go run ./internal/tools/nihfilms -data ../shared/data -out internal/nihfilms/films.gz
//
// Once the encoder changes, a test asks for it.
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

const source = "nih_dev"

// findings are those that 40 films have, or more.
var findings = []string{nihfilms.Abnormal, "Atelectasis", "Edema", "Effusion", "Infiltration"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	data := flag.String("data", "../shared/data", "folder of labels.csv and "+source+".zip")
	out := flag.String("out", "internal/nihfilms/films.gz", "file to write")
	flag.Parse()
	if err := run(ctx, *data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "nihfilms:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, out string) error {
	t, values, err := embedAll(ctx, data, "*/*")
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := nihfilms.Write(&file, t, values); err != nil {
		return err
	}
	return atomicfile.WriteFile(out, file.Bytes())
}

// kinds are the embedders, in the order of [nihfilms.Datasets].
func kinds() ([]embed.Embedder, error) {
	encoder, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	random, err := untrained.Mini()
	if err != nil {
		return nil, err
	}
	return []embed.Embedder{encoder, random, pixels.Embedder{}}, nil
}

// embedAll embeds the films whose paths match the pattern.
func embedAll(ctx context.Context, data, pattern string) (*nihfilms.Table, [][][]float32, error) {
	table, err := os.Open(filepath.Join(data, "labels.csv"))
	if err != nil {
		return nil, nil, err
	}
	defer table.Close()
	labels, err := head.ReadLabels(table, &head.LabelOptions{Findings: findings})
	if err != nil {
		return nil, nil, err
	}
	archive, err := zip.OpenReader(filepath.Join(data, source+".zip"))
	if err != nil {
		return nil, nil, err
	}
	defer archive.Close()
	embedders, err := kinds()
	if err != nil {
		return nil, nil, err
	}
	t, values := &nihfilms.Table{Findings: findings}, make([][][]float32, len(embedders))
	var patients []string
	for k, e := range embedders {
		err := embed.Run{}.Do(ctx, e, dicomconv.New(nil).Files(archive, pattern), func(film embed.Event) error {
			if film.Err != nil {
				return film.Err
			}
			row, ok, err := labels.Find(film.ID)
			if err != nil || !ok {
				return errors.Join(err, errors.New("a film without labels"))
			}
			if k == 0 {
				patients = append(patients, labels.Rows[row].Patient)
				t.Films = append(t.Films, describe(film, labels.Rows[row].Labels))
			}
			if len(values[k]) == 0 {
				t.Spaces = append(t.Spaces, film.Embedding.Space)
			}
			values[k] = append(values[k], film.Embedding.Values)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for i, n := range numbered(patients) {
		t.Films[i].Patient = n
	}
	return t, values, nil
}

func describe(film embed.Event, labels []head.Label) nihfilms.Film {
	f := nihfilms.Film{Width: film.Image.Width, Height: film.Image.Height}
	for _, l := range labels {
		f.Positive = append(f.Positive, l == head.Positive)
	}
	return f
}

// numbered gives patients numbers from 1 that tell nothing of who they are.
func numbered(patients []string) []int {
	place := map[string]int{}
	for _, p := range patients {
		if _, ok := place[p]; !ok {
			place[p] = len(place)
		}
	}
	numbers := rand.New(rand.NewPCG(14, 2017)).Perm(len(place))
	list := make([]int, len(patients))
	for i, p := range patients {
		list[i] = numbers[place[p]] + 1
	}
	return list
}
