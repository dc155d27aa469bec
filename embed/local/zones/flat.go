package zones

import (
	"context"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// Flat gives all zones as one token, one after the other, for heads that would
// take the mean over tokens, such as head.Linear. It keeps the contract of
// [embed.Embedder].
type Flat struct{ zones *Embedder }

// Flat is the embedder of all zones in one token.
func (e *Embedder) Flat() *Flat { return &Flat{e} }

// Model is that of the zones by another name and shape.
func (f *Flat) Model() embed.Model {
	m := f.zones.Model()
	m.Name, m.Tokens, m.Dim = m.Name+"-flat", 1, m.Tokens*m.Dim
	return m
}

// Embed keeps the contract of [embed.Embedder].
func (f *Flat) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out, err := f.zones.Embed(ctx, images...)
	m := f.Model()
	for _, v := range out {
		if v != nil {
			v.Model, v.Tokens, v.Dim = m.Name, m.Tokens, m.Dim
		}
	}
	return out, err
}
