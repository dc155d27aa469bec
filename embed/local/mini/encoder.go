package mini

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
)

// An Encoder is the opened model. It implements [embed.Embedder] and is safe for
// concurrent use.
type Encoder struct {
	network *local.Embedder
	finder  *lungs.Finder
	space   cxr.Space
}

var _ embed.Embedder = (*Encoder)(nil)

// Open opens the encoder. It takes films by cxr.Standard, of any size.
// Of the options Name, Parallel and Threads count; others are refused. Nil means
// the zero value.
func Open(o *local.Options) (*Encoder, error) { return Load(onnx, o) }

// Load opens an encoder of other weights, such as random ones: the model file of
// any network that films cut to the lungs are for. It must not change
// afterwards.
func Load(file []byte, o *local.Options) (*Encoder, error) {
	if o == nil {
		o = &local.Options{}
	}
	if o.Output != "" || o.Pool != local.PoolNone || o.Preprocess != nil {
		return nil, fmt.Errorf("mini: %w: options Output, Pool and Preprocess; open ONNX() with local.Load for these", cxr.ErrUnsupported)
	}
	network, err := local.Load(file, o)
	if err != nil {
		return nil, err
	}
	finder, err := lungs.Open(&local.Options{Parallel: o.Parallel, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	s := network.Space()
	digest := sha256.New() // whatever decides the numbers
	fmt.Fprintln(digest, s.Digest, Margin)
	digest.Write(lungs.ONNX())
	s.Digest = hex.EncodeToString(digest.Sum(nil))
	return &Encoder{network, finder, s}, nil
}

// Space tells what the encoder computes. Its Digest covers the lung segmenter
// and the margin, too.
func (e *Encoder) Space() cxr.Space { return e.space }

// Preprocess is how a film that is cut to its lungs becomes the networks' input.
func (e *Encoder) Preprocess() local.Preprocess { return e.network.Preprocess() }

// String is the encoder's space.
func (e *Encoder) String() string { return e.space.String() }

// Embed implements [embed.Embedder]. A film whose lungs are not found is looked
// at as a whole.
func (e *Encoder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, e.space, images, e.one)
}

func (e *Encoder) one(ctx context.Context, m *cxr.Image) ([]float32, error) {
	l, err := e.finder.Locate(ctx, m)
	if err != nil {
		return nil, err
	}
	v, err := e.network.Embed(ctx, l.Cut(m, Margin))
	if err != nil {
		return nil, err
	}
	return v[0].Values, nil
}
