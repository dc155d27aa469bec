// Package lungs finds the lungs on a frontal chest film and measures them: masks
// of both, the box around them, what lies between, areas, and the
// cardiothoracic ratio with the lines it was measured on.
//
// The network is a U-Net of 343,000 parameters, of our own, linked into the
// program: 0.7 MB. It learned from 340 films with lungs that people outlined (V7
// Labs, CC BY 4.0; these include the lung behind heart and diaphragm). On 60
// films of other patients its masks overlap theirs with a Dice coefficient of
// 0.957, and of 0.956 after the films went through 64 x 64 pixels; docs/MODELCARD.md
// has the rest, and how it fails.
//
// Right and left are the patient's: the right lung is on the left of the film.
// Measurements are for teaching and for research on one's own films, not for
// diagnosis; [Lungs.Doubts] says when not to believe them.
package lungs

import (
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
)

//go:embed lungs.onnx
var onnx []byte

// ONNX is a copy of the model file: a film of 128 x 128 pixels, mean 0 and
// deviation 1, gives probabilities of 2 x 64 x 64 places.
func ONNX() []byte { return slices.Clone(onnx) }

// Grid is the number of cells of a mask along each side of the film, whatever
// its shape.
const Grid = 64

// A Finder finds lungs. It is safe for concurrent use.
type Finder struct{ network *local.Embedder }

// Open opens the network. Of the options only Parallel and Threads are commonly
// of use; nil means the zero value.
func Open(o *local.Options) (*Finder, error) {
	e, err := local.Load(onnx, o)
	if err != nil {
		return nil, err
	}
	return &Finder{e}, nil
}

// Find finds the lungs on a film of any size and recipe. A film without lungs is
// no error: see [Lungs.Found]. Errors are of images that are not valid, and of
// ctx.
func (f *Finder) Find(ctx context.Context, m *cxr.Image) (*Lungs, error) {
	l, err := f.Locate(ctx, m)
	if err == nil {
		l.measureHeart()
	}
	return l, err
}

// Locate is Find without the heart, in half the time: enough for masks, box and
// cuts. Its Heart is zero, and nothing about it is doubted.
func (f *Finder) Locate(ctx context.Context, m *cxr.Image) (*Lungs, error) {
	p, err := f.probabilities(ctx, m)
	if err != nil {
		return nil, err
	}
	l := &Lungs{Width: m.Width, Height: m.Height, film: m}
	l.Right, l.Left = largest(p[0]), largest(p[1])
	for i, v := range l.Right.Cells { // a cell is of one lung
		if v {
			l.Left.Cells[i] = false
		}
	}
	l.sureness = sureness(p, l)
	l.measure()
	return l, nil
}

// probabilities are those of the right and the left lung, row by row.
func (f *Finder) probabilities(ctx context.Context, m *cxr.Image) (p [2][]float32, err error) {
	v, err := f.network.Embed(ctx, m)
	if err != nil {
		return p, fmt.Errorf("lungs: %w", err)
	}
	for k := range p {
		p[k] = make([]float32, Grid*Grid)
		for i := range p[k] {
			p[k][i] = v[0].Values[2*i+k]
		}
	}
	return p, nil
}

// sureness is how far the probabilities within the masks are from a half, 0..1
// on average.
func sureness(p [2][]float32, l *Lungs) float64 {
	var sum, cells float64
	for i := range Grid * Grid {
		for k, m := range []*Mask{l.Right, l.Left} {
			if m.Cells[i] {
				sum += 2*float64(p[k][i]) - 1
				cells++
			}
		}
	}
	return sum / max(cells, 1)
}
