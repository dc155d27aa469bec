package main

import (
	"context"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// pixelModel is the floor that an embedding has to beat: the film at 32 x 32
// pixels, shifted and scaled to mean 0 and deviation 1. Sources of films differ
// more than diseases do, and this little tells sources well.
const (
	pixelModel = "32 x 32 pixels"
	side       = 32
)

// pixels is the embedder of that floor.
type pixels struct{}

func (pixels) Model() embed.Model { return embed.Model{Name: pixelModel, Tokens: 1, Dim: side * side} }

func (pixels) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out := make([]*cxr.Embedding, len(images))
	for i, m := range images {
		out[i] = thumbnail(m)
	}
	return out, nil
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
