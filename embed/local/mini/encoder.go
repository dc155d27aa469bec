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

// An Encoder is the opened model. It keeps the contract of [embed.Embedder].
type Encoder struct {
	network *local.Embedder
	finder  *lungs.Finder
	model   embed.Model
}

var _ embed.Embedder = (*Encoder)(nil)

// Open opens the encoder. It takes films by dicomconv.Standard, of any size.
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
	m := network.Model()
	digest := sha256.New() // whatever decides the numbers
	fmt.Fprintln(digest, m.Digest, Margin)
	digest.Write(lungs.ONNX())
	m.Digest = hex.EncodeToString(digest.Sum(nil))
	return &Encoder{network, finder, m}, nil
}

// Model tells what the encoder computes. Its Digest covers the
// lung segmenter and the margin, too.
func (e *Encoder) Model() embed.Model { return e.model }

// Embed keeps the contract of [embed.Embedder]. A film whose lungs are
// not found is looked at as a whole.
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
	l, err := e.finder.Locate(ctx, m)
	if err != nil {
		return nil, err
	}
	v, err := e.network.Embed(ctx, l.Cut(m, Margin))
	if err != nil {
		return nil, alone(err)
	}
	return v[0], nil
}

// alone is the error of the one film that a call was about.
func alone(err error) error {
	var batch *embed.BatchError
	if errors.As(err, &batch) && len(batch.Errors) == 1 {
		return batch.Errors[0]
	}
	return err
}
