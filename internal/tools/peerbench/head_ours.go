//go:build unix

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/search"
)

// probe fits a linear probe so many times, on one thread as its peer, and
// writes the coefficients. Arguments: times, features, classes, dim, C, file.
func probe(args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("probe: %d arguments, want 6", len(args))
	}
	n, err := atoi(args[0], args[3])
	if err != nil {
		return err
	}
	c, err := strconv.ParseFloat(args[4], 64)
	if err != nil {
		return err
	}
	features, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	classes, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	d := &head.Dataset{Findings: []string{"x"}}
	for i, class := range classes {
		values := make([]float32, n[1])
		for j := range values {
			values[j] = math.Float32frombits(binary.LittleEndian.Uint32(features[4*(i*n[1]+j):]))
		}
		d.Examples = append(d.Examples, film(values, class == 1))
	}
	runtime.GOMAXPROCS(1)
	var h head.Head
	start := cpuTime()
	for range n[0] {
		if h, err = (head.Linear{C: c, Raw: true}).Fit(context.Background(), d, nil); err != nil {
			return err
		}
	}
	fmt.Println("-", (cpuTime() - start).Seconds())
	layer := h.(*head.Model).Spec().Layers[0]
	var out []byte
	for _, v := range append(layer.Weights, layer.Bias...) {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return os.WriteFile(args[5], out, 0o600)
}

// trainMLP trains the published head, on one thread as its peer. Arguments:
// films, dim, epochs.
func trainMLP(args []string) error {
	n, err := atoi(args...)
	if err != nil || len(n) != 3 {
		return fmt.Errorf("mlp: arguments %q: %w", args, err)
	}
	rng := rand.New(rand.NewPCG(defaultSeed, 2))
	d := &head.Dataset{Findings: []string{"x"}}
	for i := range n[0] {
		values := make([]float32, n[1])
		for j := range values {
			values[j] = float32(rng.NormFloat64())
		}
		d.Examples = append(d.Examples, film(values, i%2 == 0))
	}
	runtime.GOMAXPROCS(1)
	start := cpuTime()
	if _, err := (&mlp.Trainer{Networks: 1, Epochs: n[2], Dropout: 0.3, Raw: true}).Fit(context.Background(), d, nil); err != nil {
		return err
	}
	fmt.Println("-", (cpuTime() - start).Seconds())
	return nil
}

func film(values []float32, positive bool) head.Example {
	l := head.Negative
	if positive {
		l = head.Positive
	}
	e := &cxr.Embedding{Space: cxr.Space{Model: "bench", Tokens: 1, Dim: len(values)}, Values: values}
	return head.Example{Embedding: e, Labels: []head.Label{l}}
}

// library is films x dim numbers as head_numpy.py makes them.
func library(films, dim int) []*cxr.Embedding {
	values := make([]float32, films*dim)
	for i := range values {
		values[i] = float32(scatter(uint32(i))>>8)/(1<<24) - 0.5
	}
	list := make([]*cxr.Embedding, films)
	for i := range list {
		list[i] = &cxr.Embedding{ID: fmt.Sprint(i), Space: cxr.Space{Model: "bench", Tokens: 1, Dim: dim}, Values: values[i*dim : (i+1)*dim]}
	}
	return list
}

// scatter makes noise of numbers (Mulvey's and Wellons' lowbias32).
func scatter(v uint32) uint32 {
	v = (v ^ v>>16) * 0x7feb352d
	v = (v ^ v>>15) * 0x846ca68b
	return v ^ v>>16
}

// nearest finds the ten films nearest to the first, so many times, on one
// thread. Arguments: times, films, dim.
func nearest(args []string) error {
	n, err := atoi(args...)
	if err != nil {
		return err
	}
	films := library(n[1], n[2])
	index, err := search.NewIndex(films)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	var matches []search.Match
	start := cpuTime()
	for range n[0] {
		if matches, err = index.Nearest(context.Background(), films[0], 10); err != nil {
			return err
		}
	}
	seconds := (cpuTime() - start).Seconds()
	var ids []string
	for _, m := range matches {
		ids = append(ids, m.ID)
	}
	fmt.Println(strings.Join(ids, ","), seconds)
	return nil
}

// readMemory adds up what nearest looks at, in words of 8 bytes, four sums at a
// time: the least that can be done. Arguments as of nearest.
func readMemory(args []string) error {
	n, err := atoi(args...)
	if err != nil {
		return err
	}
	words := make([]uint64, n[1]*n[2]/2)
	for i := range words {
		words[i] = uint64(i)
	}
	start := cpuTime()
	var a, b, c, d uint64
	for range n[0] {
		for i := 0; i+3 < len(words); i += 4 {
			a, b, c, d = a+words[i], b+words[i+1], c+words[i+2], d+words[i+3]
		}
	}
	seconds := (cpuTime() - start).Seconds()
	if a+b+c+d == 0 {
		return fmt.Errorf("nothing was read")
	}
	fmt.Println("-", seconds)
	return nil
}

// largeProbe fits one linear probe with the defaults on many films and prints
// the seconds of training. Arguments: films, dim.
func largeProbe(args []string) error {
	n, err := atoi(args...)
	if err != nil {
		return err
	}
	d := &head.Dataset{Findings: []string{"x"}}
	for i, e := range library(n[0], n[1]) {
		// Embeddings have features that go together: each one here follows one of
		// sixteen of its film.
		var z float64
		for j := range e.Values {
			e.Values[j] += e.Values[j%16]
			z += float64(e.Values[j]) * float64(j%3-1)
		}
		noise := float64(scatter(uint32(i)))/(1<<31) - 1
		d.Examples = append(d.Examples, film(e.Values, z+20*noise > 0))
	}
	start := time.Now()
	if _, err := (head.Linear{}).Fit(context.Background(), d, nil); err != nil {
		return err
	}
	fmt.Printf("%.1f\n", time.Since(start).Seconds())
	return nil
}

func atoi(args ...string) ([]int, error) {
	var numbers []int
	for _, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// cpuTime of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
