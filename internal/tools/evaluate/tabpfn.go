package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/npy"
	"github.com/cxrkit/cxrkit/internal/stats"
)

//go:embed tabpfn.py
var tabPFN string

// A draw is a training set of few films and the films of all other patients.
type draw struct{ train, test *head.Dataset }

// draws are how often films are drawn for one size of training set.
const draws = 10

// compareTabPFN writes, for each source of adults, finding with enough positives
// and number of training films, the mean AUC over the draws of head.Linear and of
// TabPFN on embeddings by mini, and the mean difference with its standard error.
// python has torch and sklearn; folder holds the unpacked source package tabpfn 0.1.
func compareTabPFN(ctx context.Context, w io.Writer, data, python, folder string) error {
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	e, err := mini.Open(nil)
	if err != nil {
		return err
	}
	for _, name := range []string{adults, coarse} {
		all, err := source(ctx, data, name, used[name], e, labels)
		if err != nil {
			return err
		}
		for _, finding := range append([]string{abnormal}, nih...) {
			if positives(all, finding) < minPositives {
				continue
			}
			d, err := all.Only(finding)
			if err != nil {
				return err
			}
			d = d.Where(func(e *head.Example) bool { return e.Labels[0] == head.Positive || e.Labels[0] == head.Negative })
			for films := 16; films <= 512 && films <= len(d.Examples)*3/4; films *= 2 {
				linear, other, err := duel(ctx, d, films, python, folder)
				if err != nil {
					return fmt.Errorf("%s, %s, %d films: %w", name, finding, films, err)
				}
				difference := make([]float64, draws)
				for i := range difference {
					difference[i] = other[i] - linear[i]
				}
				ours, _ := meanAndError(linear)
				theirs, _ := meanAndError(other)
				by, give := meanAndError(difference)
				fmt.Fprintf(w, "%s, %s | %d | %.3f | %.3f | %+.3f | %.3f\n", name, finding, films, ours, theirs, by, give)
			}
		}
	}
	return nil
}

// duel is the AUC of each draw, by both.
func duel(ctx context.Context, d *head.Dataset, films int, python, folder string) (linear, other []float64, err error) {
	dir, err := os.MkdirTemp("", "tabpfn")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	rng := rand.New(rand.NewPCG(uint64(films), 512))
	drawn := make([]draw, draws)
	for i := range drawn {
		drawn[i] = drawFilms(d, films, rng)
		m, err := head.Linear{}.Fit(ctx, drawn[i].train, nil)
		if err != nil {
			return nil, nil, err
		}
		var scores []float64
		for _, e := range drawn[i].test.Examples {
			p, err := m.Predict(e.Embedding)
			if err != nil {
				return nil, nil, err
			}
			scores = append(scores, p[0])
		}
		linear = append(linear, area(drawn[i].test, scores))
		if err := drawn[i].write(dir, i); err != nil {
			return nil, nil, err
		}
	}
	var complaint bytes.Buffer
	child := exec.CommandContext(ctx, python, "-c", tabPFN, folder, dir)
	child.Stderr = &complaint
	if err := child.Run(); err != nil {
		return nil, nil, fmt.Errorf("%w: %s", err, complaint.Bytes())
	}
	for i := range drawn {
		file, err := os.Open(filepath.Join(dir, fmt.Sprintf("scores-%d.npy", i)))
		if err != nil {
			return nil, nil, err
		}
		a, err := npy.Read(file, len(d.Examples))
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, nil, err
		}
		scores := make([]float64, len(a.Values))
		for k, v := range a.Values {
			scores[k] = float64(v)
		}
		other = append(other, area(drawn[i].test, scores))
	}
	return linear, other, nil
}

// drawFilms deals patients until there are so many films, again if those are of
// fewer than two with or without the finding.
func drawFilms(d *head.Dataset, films int, rng *rand.Rand) draw {
	patients := d.Patients()
	for {
		rng.Shuffle(len(patients), func(i, j int) { patients[i], patients[j] = patients[j], patients[i] })
		var train, test []int
		for _, p := range patients {
			if len(train) < films {
				train = append(train, p...)
			} else {
				test = append(test, p...)
			}
		}
		s := draw{d.Subset(train[:films]), d.Subset(test)}
		if p, n, err := s.train.Classes(0); err == nil && len(p) > 1 && len(n) > 1 {
			return s
		}
	}
}

// write leaves the draw to TabPFN as files.
func (s draw) write(dir string, i int) error {
	store := func(name string, shape []int, values []float32) error {
		a := npy.Array{Shape: shape, Values: values}
		return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.npy", name, i)), a.Append(nil), 0o600)
	}
	rows := func(d *head.Dataset) (shape []int, values []float32) {
		features := d.Features()
		for _, row := range features {
			values = append(values, row...)
		}
		return []int{len(features), len(features[0])}, values
	}
	var labels []float32
	for _, e := range s.train.Examples {
		labels = append(labels, float32(e.Labels[0]))
	}
	shape, values := rows(s.train)
	if err := store("train", shape, values); err != nil {
		return err
	}
	if err := store("labels", shape[:1], labels); err != nil {
		return err
	}
	shape, values = rows(s.test)
	return store("test", shape, values)
}

// area is the AUC of scores for the films of d.
func area(d *head.Dataset, scores []float64) float64 {
	var p, n []float64
	for i, s := range scores {
		if d.Examples[i].Labels[0] == head.Positive {
			p = append(p, s)
		} else {
			n = append(n, s)
		}
	}
	return stats.NewAUC(stats.Independent(p, n)).Value
}

// meanAndError is the mean and its standard error.
func meanAndError(values []float64) (mean, give float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		give += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(give / (n - 1) / n)
}
