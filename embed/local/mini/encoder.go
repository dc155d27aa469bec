package mini

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
)

// name of the model; it changes whenever the embeddings do.
const name = "cxrkit-mini-3"

// An Encoder is the opened model. It keeps the contract of [embed.Embedder].
type Encoder struct {
	whole, cut *local.Embedder
	finder     *lungs.Finder
	model      embed.Model
}

var _ embed.Embedder = (*Encoder)(nil)

// Open opens the encoder. It takes films by dicomconv.Standard, of any size.
// Of the options Name, Parallel and Threads count; others are refused. Nil means
// the zero value.
func Open(o *local.Options) (*Encoder, error) { return Load(whole, cut, o) }

// Load opens an encoder of other weights, such as random ones: two model files
// made for the same input, which must not change afterwards.
func Load(whole, cut []byte, o *local.Options) (*Encoder, error) {
	if o == nil {
		o = &local.Options{}
	}
	if o.Output != "" || o.Pool != local.PoolNone || o.Preprocess != nil {
		return nil, fmt.Errorf("mini: %w: options Output, Pool and Preprocess; open ONNX() with local.Load for these", cxr.ErrUnsupported)
	}
	shared := &local.Options{Parallel: o.Parallel, Threads: o.Threads}
	a, err := local.Load(whole, shared)
	if err != nil {
		return nil, err
	}
	b, err := local.Load(cut, shared)
	if err != nil {
		return nil, err
	}
	finder, err := lungs.Open(shared)
	if err != nil {
		return nil, err
	}
	m, second := a.Model(), b.Model()
	if m.Tokens != 1 || second.Tokens != 1 || m.Recipe != second.Recipe {
		return nil, fmt.Errorf("mini: %w: networks of %d and %d tokens, recipes %q and %q", cxr.ErrMismatch, m.Tokens, second.Tokens, m.Recipe, second.Recipe)
	}
	digest := sha256.New()
	fmt.Fprintln(digest, m.Digest, second.Digest, Margin)
	digest.Write(lungs.ONNX())
	m.Name, m.Dim, m.Digest = name, m.Dim+second.Dim, hex.EncodeToString(digest.Sum(nil))
	if o.Name != "" {
		m.Name = o.Name
	}
	return &Encoder{a, b, finder, m}, nil
}

// Model tells what the encoder computes. Its Input is that of either network.
func (e *Encoder) Model() embed.Model { return e.model }

// Embed keeps the contract of [embed.Embedder]. The features of a film whose
// lungs are not found are of the whole film in both halves.
func (e *Encoder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("mini: %w", err)
	}
	out, errs := make([]*cxr.Embedding, len(images)), make([]error, len(images))
	if failed := embed.CheckImages(e.model, images); failed != nil {
		copy(errs, failed.Errors)
	}
	var group sync.WaitGroup
	for i, m := range images {
		if errs[i] == nil {
			group.Go(func() { out[i], errs[i] = e.one(ctx, m) })
		}
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("mini: %w", err)
	}
	if errors.Join(errs...) != nil {
		return out, &embed.BatchError{Errors: errs}
	}
	return out, nil
}

func (e *Encoder) one(ctx context.Context, m *cxr.Image) (*cxr.Embedding, error) {
	l, err := e.finder.Find(ctx, m)
	if err != nil {
		return nil, err
	}
	first, err := e.whole.Embed(ctx, m)
	if err != nil {
		return nil, alone(err)
	}
	second, err := e.cut.Embed(ctx, l.Cut(m, Margin))
	if err != nil {
		return nil, alone(err)
	}
	v := &cxr.Embedding{ID: m.ID, Model: e.model.Name, Recipe: m.Recipe, Tokens: 1, Dim: e.model.Dim}
	v.Values = append(append(make([]float32, 0, v.Dim), first[0].Values...), second[0].Values...)
	return v, nil
}

// alone is the error of the one film that a call was about.
func alone(err error) error {
	var batch *embed.BatchError
	if errors.As(err, &batch) && len(batch.Errors) == 1 {
		return batch.Errors[0]
	}
	return err
}
