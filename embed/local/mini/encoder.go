package mini

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
)

// An Encoder is the opened model. It implements [embed.Embedder] and is safe for
// concurrent use.
type Encoder struct {
	*lungs.Cropped
	network *local.Embedder
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
	cropped, err := finder.Crop(network, Margin)
	if err != nil {
		return nil, err
	}
	return &Encoder{cropped, network}, nil
}

// Preprocess is how a film that is cut to its lungs becomes the network's input.
func (e *Encoder) Preprocess() local.Preprocess { return e.network.Preprocess() }
