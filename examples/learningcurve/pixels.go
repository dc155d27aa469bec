package main

import (
	"context"
	"io"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// pixelModel is the floor that an embedding has to beat: the film at 32 x 32
// pixels, shifted and scaled to mean 0 and deviation 1. Sources of films differ
// more than diseases do, and this little tells sources well.
const (
	pixelModel = "32 x 32 pixels"
	side       = 32
)

// thumbnails passes films on and keeps the pixels of each as an embedding.
type thumbnails struct {
	cxr.Source
	made map[string]*cxr.Embedding // by ID
}

func (t *thumbnails) Next(ctx context.Context) (*cxr.Image, error) {
	m, err := t.Source.Next(ctx)
	if err == nil {
		t.made[m.ID] = thumbnail(m)
	}
	return m, err
}

func (t *thumbnails) Close() error {
	if c, ok := t.Source.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func thumbnail(m *cxr.Image) *cxr.Embedding {
	small := m.Resize(side, side, cxr.KernelArea)
	var sum, squares float64
	for _, v := range small.Pix {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	mean := sum / (side * side)
	deviation := math.Sqrt(max(squares/(side*side)-mean*mean, 1))
	e := &cxr.Embedding{ID: m.ID, Model: pixelModel, Recipe: m.Recipe, Tokens: 1, Dim: side * side}
	for _, v := range small.Pix {
		e.Values = append(e.Values, float32((float64(v)-mean)/deviation))
	}
	return e
}
