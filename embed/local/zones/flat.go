package zones

import (
	"context"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// Flat gives all zones as one token, one after the other, for heads that would
// take the mean over tokens, such as head.Linear. It implements
// [embed.Embedder].
type Flat struct{ zones *Embedder }

var _ embed.Embedder = (*Flat)(nil)

// Flat is the embedder of all zones in one token.
func (e *Embedder) Flat() *Flat { return &Flat{e} }

// Space is that of the zones by another name and shape.
func (f *Flat) Space() cxr.Space {
	s := f.zones.space
	s.Model, s.Tokens, s.Dim = s.Model+"-flat", 1, s.Tokens*s.Dim
	return s
}

// Embed implements [embed.Embedder].
func (f *Flat) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out, err := f.zones.Embed(ctx, images...)
	for i, v := range out {
		if v != nil {
			v.Space = f.Space().For(images[i])
		}
	}
	return out, err
}
