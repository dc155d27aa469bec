package cxr

import (
	"fmt"
)

// An Embedding is a Tokens x Dim matrix of features of one film or one text,
// row-major. CXR Foundation v1 is 1x1376; ELIXR is 32x768 (general) or 32x128
// (contrastive); a text is 1x128.
type Embedding struct {
	ID     string    // as in the Image
	Space            // what the values mean
	Values []float32 // Tokens*Dim finite values
}

// String names the film or text and says what the values are, so that printing an
// Embedding does not list them.
func (e *Embedding) String() string { return named(e.ID, e.Space.String()) }

// Token is row i, aliasing Values.
func (e *Embedding) Token(i int) []float32 { return e.Values[i*e.Dim : (i+1)*e.Dim] }

// Mean appends the mean over the tokens, Dim values, to dst.
func (e *Embedding) Mean(dst []float32) []float32 {
	for j := range e.Dim {
		var sum float64
		for i := range e.Tokens {
			sum += float64(e.Values[i*e.Dim+j])
		}
		dst = append(dst, float32(sum/float64(e.Tokens)))
	}
	return dst
}

// Validate reports an embedding whose Values do not number Tokens*Dim, or hold
// a NaN or an infinity.
func (e *Embedding) Validate() error {
	switch {
	case e == nil:
		return fmt.Errorf("%w: nil embedding", ErrEmbedding)
	case e.Tokens <= 0 || e.Dim <= 0 || len(e.Values)/e.Tokens != e.Dim || len(e.Values)%e.Tokens != 0:
		return fmt.Errorf("%w: %d values for %d x %d", ErrEmbedding, len(e.Values), e.Tokens, e.Dim)
	}
	for i, v := range e.Values {
		if v-v != 0 { // NaN, or an infinity
			return fmt.Errorf("%w: value %d of token %d is %v", ErrEmbedding, i%e.Dim, i/e.Dim, v)
		}
	}
	return nil
}

// Check reports an embedding that is not valid, or, with [ErrMismatch], one of
// another space than wanted.
func (e *Embedding) Check(want Space) error {
	if err := e.Validate(); err != nil {
		return err
	}
	return want.Match(e.Space)
}
