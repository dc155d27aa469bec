package embed

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// An Embedder turns films into embeddings.
//
// Embed returns one result for each image, in order, each with the ID and
// Recipe of its image and Model().Name. It neither keeps nor changes the
// images. If only some films fail, it returns nil at their places and a
// [*BatchError]; after any other error the results are nil. It returns soon
// after ctx ends, with an error that wraps ctx.Err(). No images give no
// results and no error. It is safe for concurrent use, and the same image
// gives the same values every time.
type Embedder interface {
	Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error)
	Model() Model
}

// A TextEmbedder places texts in the space of contrastive image embeddings,
// with the same promises as [Embedder].
type TextEmbedder interface {
	EmbedText(ctx context.Context, texts ...string) ([]*cxr.Embedding, error)
}

// A Model says what an Embedder computes.
type Model struct {
	Name        string // stable and unique; goes into every Embedding and model file
	Tokens, Dim int    // shape of its embeddings
	Recipe      string // recipe its films must be made by; empty: any
	Input       Input  // what a film becomes before the network; zero for remote models
	Digest      string // SHA-256 of the weights in hex; empty for remote models
}

// An Input is the preprocessing that belongs to a network's weights.
type Input struct {
	Width, Height int       // pixels the network looks at
	Channels      int       // 1, or 3 equal ones
	Low, High     float64   // value of black and of white, before Mean and Std
	Mean, Std     []float64 // per channel; nil: none
	PerImage      bool      // then shifted and scaled to mean 0, deviation 1 over the film
}

// A BatchError holds the failures of one Embed call by position: Errors has
// one entry for each image, nil where it succeeded.
type BatchError struct{ Errors []error }

// Error counts the failures and gives the first.
func (e *BatchError) Error() string {
	n, first := 0, error(nil)
	for _, err := range e.Errors {
		if err != nil {
			if n++; first == nil {
				first = err
			}
		}
	}
	return fmt.Sprintf("%d of %d films failed, the first: %v", n, len(e.Errors), first)
}

// Unwrap is the failures without the nil entries.
func (e *BatchError) Unwrap() []error {
	var errs []error
	for _, err := range e.Errors {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// CheckImages validates what an Embedder is given, before any work: every
// image well-formed, and made by the recipe the model expects. It returns nil
// if all are good, else an error for each bad one at its position. For
// implementations, which then embed the others.
func CheckImages(m Model, images []*cxr.Image) *BatchError {
	errs, bad := make([]error, len(images)), false
	for i, im := range images {
		if errs[i] = im.Validate(); errs[i] == nil && m.Recipe != "" && im.Recipe != m.Recipe {
			errs[i] = fmt.Errorf("%w: film made by recipe %q, model %s wants %q", cxr.ErrMismatch, im.Recipe, m.Name, m.Recipe)
		}
		bad = bad || errs[i] != nil
	}
	if !bad {
		return nil
	}
	return &BatchError{Errors: errs}
}
