package head

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Head is a trained classifier: immutable and safe for concurrent use.
type Head interface {
	// Findings names what Predict scores, in order.
	Findings() []string

	// Predict gives the probability of each finding, 0..1, in the order of
	// Findings. An embedding of another model, recipe or shape than the head
	// was trained on is refused with [cxr.ErrMismatch].
	Predict(e *cxr.Embedding) ([]float64, error)
}

// A Trainer makes models. Fit learns from train; tune, which may be nil, serves
// choices made on the way (when to stop, how much to regularize). Neither is
// changed or kept. The same data and settings give the same model, bit for bit,
// on one machine. Fit returns soon after ctx ends, with its error.
type Trainer interface {
	Fit(ctx context.Context, train, tune *Dataset) (*Model, error)
}

// An Input is what a head was trained on, and all that it accepts.
type Input struct {
	Model       string // name of the embedding model
	Recipe      string // recipe of the films' pixels
	Tokens, Dim int    // shape; a head sees the mean over the tokens
}

// InputOf describes an embedding.
func InputOf(e *cxr.Embedding) Input { return Input{e.Model, e.Recipe, e.Tokens, e.Dim} }

func (in Input) String() string {
	return fmt.Sprintf("%d x %d of model %q, recipe %q", in.Tokens, in.Dim, in.Model, in.Recipe)
}

// Check refuses an embedding that is not sound, and with [cxr.ErrMismatch] one
// that is of another kind.
func (in Input) Check(e *cxr.Embedding) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if got := InputOf(e); got != in {
		return fmt.Errorf("%w: embedding is %v, the head was trained on %v", cxr.ErrMismatch, got, in)
	}
	return nil
}

// features is the mean over the tokens; of one token, the values themselves.
func features(e *cxr.Embedding) []float32 {
	if e.Tokens == 1 {
		return e.Values
	}
	return e.Mean(make([]float32, 0, e.Dim))
}
