package head

import (
	"context"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Head is a trained classifier: immutable and safe for concurrent use.
type Head interface {
	// Findings names what Predict scores, in order.
	Findings() []string

	// Predict gives the probability of each finding, 0..1, in the order of
	// Findings. An embedding of another [cxr.Space] than the head was trained on
	// is refused with [cxr.ErrMismatch].
	Predict(e *cxr.Embedding) ([]float64, error)
}

// A Trainer makes models. Fit learns from train; tune, which may be nil, serves
// choices made on the way (when to stop, how much to regularize). Neither is
// changed or kept. The same data and settings give the same model, bit for bit,
// on one machine. Fit returns soon after ctx ends, with its error.
type Trainer interface {
	Fit(ctx context.Context, train, tune *Dataset) (*Model, error)
}

// features is the mean over the tokens; of one token, the values themselves.
func features(e *cxr.Embedding) []float32 {
	if e.Tokens == 1 {
		return e.Values
	}
	return e.Mean(make([]float32, 0, e.Dim))
}
