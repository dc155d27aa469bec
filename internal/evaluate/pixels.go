package main

import (
	"context"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// pixels is the floor an embedding has to beat: the film at 32 x 32 pixels,
// shifted and scaled to mean 0 and deviation 1.
type pixels struct{}

const side = 32

func (pixels) Model() embed.Model {
	return embed.Model{Name: "pixels", Tokens: 1, Dim: side * side}
}

func (p pixels) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	if err := embed.CheckImages(p.Model(), images); err != nil {
		return nil, err
	}
	embeddings := make([]*cxr.Embedding, len(images))
	for i, m := range images {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("pixels: %w", err)
		}
		values := make([]float32, side*side)
		var sum, squares float64
		small := m.Resize(side, side, cxr.KernelBilinear)
		for _, v := range small.Pix {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		mean := sum / (side * side)
		deviation := math.Sqrt(max(squares/(side*side)-mean*mean, 1))
		for j, v := range small.Pix {
			values[j] = float32((float64(v) - mean) / deviation)
		}
		embeddings[i] = &cxr.Embedding{ID: m.ID, Model: "pixels", Recipe: m.Recipe, Tokens: 1, Dim: side * side, Values: values}
	}
	return embeddings, nil
}
