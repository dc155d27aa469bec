// Package filterbank embeds films without any learned weights: oriented
// filters of two scales, rectified and pooled over a grid, run as a Gorgonia
// graph. It needs no file and no training, gives the same values on every run,
// and is the floor that a learned embedding has to beat.
package filterbank

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

const (
	side         = 96 // pixels the graph looks at
	taps         = 9  // filters are taps x taps
	orientations = 6
	grid         = 8 // responses are pooled to grid x grid
	cell         = side / grid
	filters      = 2*orientations + 1 // two wavelengths, and the plain mean
	dim          = filters * 2 * grid * grid
)

// An Embedder computes 1 x 1664 features. Make one with [New]. It is safe for
// concurrent use: each call under way has a graph of its own.
type Embedder struct{ idle chan *instance }

// New makes an Embedder with one graph for each processor.
func New() (*Embedder, error) {
	n := runtime.GOMAXPROCS(0)
	e := &Embedder{idle: make(chan *instance, n)}
	for range n {
		in, err := newInstance()
		if err != nil {
			return nil, fmt.Errorf("filterbank: %w", err)
		}
		e.idle <- in
	}
	return e, nil
}

// Model is "filterbank/1", for films of any recipe.
func (e *Embedder) Model() embed.Model {
	return embed.Model{
		Name: "filterbank/1", Tokens: 1, Dim: dim,
		Input: embed.Input{Width: side, Height: side, Channels: 1, Low: 0, High: 1, PerImage: true},
	}
}

// Embed keeps the contract of [embed.Embedder].
func (e *Embedder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	m := e.Model()
	failed := embed.CheckImages(m, images)
	out := make([]*cxr.Embedding, len(images))
	for i, im := range images {
		if failed != nil && failed.Errors[i] != nil {
			continue
		}
		values, err := e.run(ctx, im)
		if err != nil {
			return nil, fmt.Errorf("filterbank: %w", err)
		}
		out[i] = &cxr.Embedding{ID: im.ID, Model: m.Name, Recipe: im.Recipe, Tokens: 1, Dim: dim, Values: values}
	}
	if failed != nil {
		return out, failed
	}
	return out, nil
}

func (e *Embedder) run(ctx context.Context, im *cxr.Image) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case in := <-e.idle:
		defer func() { e.idle <- in }()
		return in.run(im)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An instance is one graph with its machine: neither may be shared.
type instance struct {
	input  *tensor.Dense
	output gorgonia.Value
	vm     gorgonia.VM
}

// building guards Gorgonia's graph construction, which writes a package-level
// map without a lock.
var building sync.Mutex

func newInstance() (*instance, error) {
	building.Lock()
	defer building.Unlock()
	g := gorgonia.NewGraph()
	in := &instance{input: tensor.New(tensor.WithShape(1, 1, side, side), tensor.Of(tensor.Float32))}
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(1, 1, side, side), gorgonia.WithName("film"), gorgonia.WithValue(in.input))
	bank := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(filters, 1, taps, taps), gorgonia.WithName("filters"), gorgonia.WithValue(bank()))
	response, err := gorgonia.Conv2d(x, bank, tensor.Shape{taps, taps}, []int{taps / 2, taps / 2}, []int{1, 1}, []int{1, 1})
	if err != nil {
		return nil, err
	}
	// Light and dark responses are pooled apart: an edge is not a line.
	light, err := gorgonia.Rectify(response)
	if err != nil {
		return nil, err
	}
	negative, err := gorgonia.Neg(response)
	if err != nil {
		return nil, err
	}
	dark, err := gorgonia.Rectify(negative)
	if err != nil {
		return nil, err
	}
	both, err := gorgonia.Concat(1, light, dark)
	if err != nil {
		return nil, err
	}
	pooled, err := gorgonia.AveragePool2D(both, tensor.Shape{cell, cell}, []int{0, 0}, []int{cell, cell})
	if err != nil {
		return nil, err
	}
	gorgonia.Read(pooled, &in.output)
	in.vm = gorgonia.NewTapeMachine(g)
	return in, nil
}

func (in *instance) run(im *cxr.Image) ([]float32, error) {
	standardize(in.input.Data().([]float32), im.Resize(side, side, cxr.KernelArea))
	defer in.vm.Reset()
	if err := in.vm.RunAll(); err != nil {
		return nil, err
	}
	// The machine writes into the same memory next time.
	return append([]float32(nil), in.output.Data().([]float32)...), nil
}

// standardize shifts and scales a film to mean 0 and deviation 1, so that
// exposure does not matter. A constant film becomes 0.
func standardize(dst []float32, im *cxr.Image) {
	var sum, squares float64
	for _, v := range im.Pix {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(im.Pix))
	mean := sum / n
	deviation := math.Sqrt(math.Max(squares/n-mean*mean, 0))
	scale := 0.0
	if deviation > 0 {
		scale = 1 / deviation
	}
	for i, v := range im.Pix {
		dst[i] = float32((float64(v) - mean) * scale)
	}
}

// bank is the filters: even Gabor functions of two wavelengths in six
// directions (Daugman 1985), each with mean 0 and sum of magnitudes 1, and a
// Gaussian.
func bank() *tensor.Dense {
	data := make([]float32, 0, filters*taps*taps)
	for _, wavelength := range []float64{4, 8} {
		for o := range orientations {
			sin, cos := math.Sincos(math.Pi * float64(o) / orientations)
			data = append(data, kernel(wavelength/2.5, func(x, y float64) float64 {
				return math.Cos(2 * math.Pi * (x*cos + y*sin) / wavelength)
			}, true)...)
		}
	}
	data = append(data, kernel(2, func(x, y float64) float64 { return 1 }, false)...)
	return tensor.New(tensor.WithShape(filters, 1, taps, taps), tensor.WithBacking(data))
}

func kernel(sigma float64, wave func(x, y float64) float64, balanced bool) []float32 {
	var k, window [taps * taps]float64
	var mean, total float64
	for i := range k {
		x, y := float64(i%taps-taps/2), float64(i/taps-taps/2)
		window[i] = math.Exp(-(x*x + y*y) / (2 * sigma * sigma))
		k[i] = window[i] * wave(x, y)
		mean += k[i]
		total += window[i]
	}
	var size float64
	for i := range k {
		if balanced {
			k[i] -= mean / total * window[i]
		}
		size += math.Abs(k[i])
	}
	out := make([]float32, len(k))
	for i := range k {
		out[i] = float32(k[i] / size)
	}
	return out
}
