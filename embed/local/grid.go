package local

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/maps"
	"github.com/cxrkit/cxrkit/internal/network"
)

// mostExtra is how many tokens of a transformer may come before those of places:
// the class token and registers.
const mostExtra = 16

// Grid puts values, one for each token, on the film: those of places, without the
// tokens that a transformer has before them, over the part of the film that the
// network looks at. The embeddings must be of all tokens (no pooling).
func (e *Embedder) Grid(m *cxr.Image, values []float64) (*maps.Grid, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	if len(values) != e.space.Tokens {
		return nil, fmt.Errorf("local: %w: %d values for %d tokens", cxr.ErrMismatch, len(values), e.space.Tokens)
	}
	rows, columns, extra, err := e.places()
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	g := &maps.Grid{Columns: columns, Rows: rows, Values: values[extra:]}
	g.Left, g.Top, g.Right, g.Bottom = e.pre.part(m.Width, m.Height)
	if err := g.Check(); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	return g, nil
}

// places is how the tokens lie on the network's input.
func (e *Embedder) places() (rows, columns, extra int, err error) {
	shape := e.program.Output
	switch {
	case e.pool != PoolNone || len(shape) < 3:
		return 0, 0, 0, fmt.Errorf("%w: one token for the whole film is no map", cxr.ErrUnsupported)
	case len(shape) == 4 && e.program.Layout == network.ChannelsLast:
		return shape[1], shape[2], 0, nil
	case len(shape) == 4:
		return shape[2], shape[3], 0, nil
	}
	side := int(math.Sqrt(float64(shape[1])))
	extra = shape[1] - side*side
	if e.pre.Width != e.pre.Height || extra > mostExtra {
		return 0, 0, 0, fmt.Errorf("%w: %d tokens of a film of %d x %d pixels: which are places is not clear", cxr.ErrUnsupported, shape[1], e.pre.Width, e.pre.Height)
	}
	return side, side, extra, nil
}

// part is the edges of what the network sees of a film, in shares of its width
// and height.
func (p *Preprocess) part(width, height int) (left, top, right, bottom float64) {
	edges := func(side, network int) (float64, float64) {
		at := offset(p.Center, side, network)
		return float64(at) / float64(side), float64(at+network) / float64(side)
	}
	w, h := width, height
	inWidth, inHeight := p.Width, p.Height
	switch p.Fit {
	case FitCropFirst:
		inWidth, inHeight = min(width, height), min(width, height)
	case FitPadFirst:
		inWidth, inHeight = max(width, height), max(width, height)
	default:
		w, h = p.resized(width, height)
	}
	left, right = edges(w, inWidth)
	top, bottom = edges(h, inHeight)
	return left, top, right, bottom
}
