package lungs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Cropped shows another Embedder films that are cut to their lungs. It
// implements [embed.Embedder] and is safe for concurrent use.
type Cropped struct {
	embedder embed.Embedder
	finder   *Finder
	margin   float64
	space    cxr.Space
}

var _ embed.Embedder = (*Cropped)(nil)

// Crop is an Embedder of films cut to their lungs with a margin on each side, a
// share of the lungs' width or height of 0 to 1. A film whose lungs are not found
// is looked at as a whole. The digest of its Space covers the segmenter and the
// margin.
func (f *Finder) Crop(e embed.Embedder, margin float64) (*Cropped, error) {
	if !(margin >= 0 && margin <= 1) {
		return nil, fmt.Errorf("lungs: %w: margin of %v, want 0 to 1", cxr.ErrUnsupported, margin)
	}
	s := e.Space()
	digest := sha256.New() // whatever decides the numbers
	fmt.Fprintln(digest, s.Digest, margin)
	digest.Write(onnx)
	s.Digest = hex.EncodeToString(digest.Sum(nil))
	return &Cropped{e, f, margin, s}, nil
}

// Space implements [embed.Embedder].
func (c *Cropped) Space() cxr.Space { return c.space }

// String is the embedder's space.
func (c *Cropped) String() string { return c.space.String() }

// Embed implements [embed.Embedder].
func (c *Cropped) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, c.space, images, func(ctx context.Context, m *cxr.Image) ([]float32, error) {
		l, err := c.finder.Locate(ctx, m)
		if err != nil {
			return nil, err
		}
		v, err := c.embedder.Embed(ctx, l.Cut(m, c.margin))
		if err != nil {
			return nil, err
		}
		return v[0].Values, nil
	})
}
