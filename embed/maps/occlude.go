package maps

import (
	"context"
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Score is a number of an embedding, such as the log odds of a finding.
type Score func(e *cxr.Embedding) (float64, error)

// mostCells bounds the side of an occlusion's grid: a network runs for each cell.
const mostCells = 64

// atOnce is how many covered copies of a film there are.
const atOnce = 4

// Occlude measures by how much a score falls if a part of the film is covered with
// the film's mean gray: cells x cells parts, one after another. It works with any
// embedder and any score, also where features are maxima and no exact map exists;
// it embeds the film 1 + cells x cells times.
func Occlude(ctx context.Context, e embed.Embedder, m *cxr.Image, cells int, score Score) (*Grid, error) {
	if cells < 1 || cells > mostCells {
		return nil, fmt.Errorf("maps: %w: %d x %d cells, want 1 to %d", cxr.ErrUnsupported, cells, cells, mostCells)
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("maps: %w", err)
	}
	whole, err := scores(ctx, e, score, m)
	if err != nil {
		return nil, err
	}
	var sum float64
	for _, v := range m.Pix {
		sum += float64(v)
	}
	mean := uint16(sum/float64(len(m.Pix)) + 0.5)
	g := &Grid{Columns: cells, Rows: cells, Right: 1, Bottom: 1}
	for first := 0; first < cells*cells; first += atOnce {
		var covered []*cxr.Image
		for i := first; i < min(first+atOnce, cells*cells); i++ {
			covered = append(covered, cover(m, i%cells, i/cells, cells, mean))
		}
		values, err := scores(ctx, e, score, covered...)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			g.Values = append(g.Values, whole[0]-v)
		}
	}
	return g, nil
}

func scores(ctx context.Context, e embed.Embedder, score Score, films ...*cxr.Image) ([]float64, error) {
	embeddings, err := e.Embed(ctx, films...)
	if err != nil {
		return nil, fmt.Errorf("maps: %w", err)
	}
	out := make([]float64, len(embeddings))
	for i, v := range embeddings {
		if out[i], err = score(v); err != nil {
			return nil, fmt.Errorf("maps: %w", err)
		}
	}
	return out, nil
}

// cover is a film with one cell in gray.
func cover(m *cxr.Image, column, row, cells int, gray uint16) *cxr.Image {
	out := *m
	out.Pix = slices.Clone(m.Pix)
	for y := row * m.Height / cells; y < (row+1)*m.Height/cells; y++ {
		line := out.Pix[y*m.Width:][:m.Width]
		for x := column * m.Width / cells; x < (column+1)*m.Width/cells; x++ {
			line[x] = gray
		}
	}
	return &out
}
