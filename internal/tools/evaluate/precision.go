package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
)

// precisions tells how far embeddings of mini's network, and what heads make of
// them, move from those of float32: by bfloat16, and as a file quantizes it.
func precisions(ctx context.Context, w io.Writer, data, file string) error {
	quantized, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	single, err := mini.Open(nil)
	if err != nil {
		return err
	}
	half, err := mini.Open(&local.Options{Precision: local.BFloat16})
	if err != nil {
		return err
	}
	bytes, err := mini.Load(quantized, nil)
	if err != nil {
		return err
	}
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	var first *head.Dataset
	for _, c := range []contender{{"float32", single}, {"bfloat16", half}, {"int8", bytes}} {
		set, err := source(ctx, data, adults, used[adults], c.embedder, labels)
		if err != nil {
			return err
		}
		if first == nil {
			first = set
		} else {
			mean, least := cosines(first, set)
			if _, err := fmt.Fprintf(w, "%s, cosine to float32, %s | mean %.5f | least %.5f\n", adults, c.name, mean, least); err != nil {
				return err
			}
		}
		l := &lines{w, c.name}
		for _, finding := range append([]string{abnormal}, nih...) {
			if positives(set, finding) < minPositives {
				continue
			}
			if err := l.crossValidated(ctx, adults+" "+finding, probe(1), set, finding); err != nil {
				return err
			}
		}
	}
	return nil
}

// cosines are of the embeddings of the same films.
func cosines(a, b *head.Dataset) (mean, least float64) {
	least = 1
	for i, e := range a.Examples {
		var xy, xx, yy float64
		for k, v := range e.Embedding.Values {
			x, y := float64(v), float64(b.Examples[i].Embedding.Values[k])
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
		}
		cosine := xy / math.Sqrt(xx*yy)
		mean += cosine / float64(len(a.Examples))
		least = min(least, cosine)
	}
	return mean, least
}

// calibration writes, as float32 in little endian, what some films become before
// mini's network: the output of a network in its place that does nothing.
func calibration(ctx context.Context, w io.Writer, data, file string) error {
	nothing, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	e, err := mini.Load(nothing, nil)
	if err != nil {
		return err
	}
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	const films = 100 // of each source
	for _, name := range []string{children, normals} {
		set, err := source(ctx, data, name, used[name], e, labels)
		if err != nil {
			return err
		}
		step := max(1, len(set.Examples)/films)
		for i := 0; i < len(set.Examples); i += step {
			if err := binary.Write(w, binary.LittleEndian, set.Examples[i].Embedding.Values); err != nil {
				return err
			}
		}
	}
	return nil
}
