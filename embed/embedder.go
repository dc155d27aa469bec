package embed

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
)

// An Embedder turns films into embeddings.
//
// Embed returns one result for each image, in order, each with the ID of its
// image and the Space Space().For(image). It neither keeps nor changes the
// images. If only some films fail, it returns nil at their places and a
// [*BatchError]; after any other error the results are nil. It returns soon
// after ctx ends, with an error that wraps ctx.Err(). No images give no
// results and no error. It is safe for concurrent use, and the same image
// gives the same values every time.
//
// Space tells what the embeddings mean. If its Recipe is not empty, films must
// be made by that recipe.
//
// [Each] implements Embed for models that take one film at a time, and package
// embed/embedtest tests all of the above.
type Embedder interface {
	Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error)
	Space() cxr.Space
}

// A TextEmbedder places texts among the embeddings of a contrastive image model,
// with the same promises as [Embedder].
type TextEmbedder interface {
	EmbedText(ctx context.Context, texts ...string) ([]*cxr.Embedding, error)
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

// CheckImages validates what an Embedder of a space is given, before any work:
// every image well-formed, and made by the recipe that the model expects. It
// returns nil if all are good, else an error for each bad one at its position.
// Implementations that do not use [Each] call it and embed the others.
func CheckImages(s cxr.Space, images []*cxr.Image) *BatchError {
	errs, bad := make([]error, len(images)), false
	for i, im := range images {
		if errs[i] = im.Validate(); errs[i] == nil && s.Recipe != "" && im.Recipe != s.Recipe {
			errs[i] = fmt.Errorf("%w: film made by recipe %q, model %s wants %q", cxr.ErrMismatch, im.Recipe, s.Model, s.Recipe)
		}
		bad = bad || errs[i] != nil
	}
	if !bad {
		return nil
	}
	return &BatchError{Errors: errs}
}

// Each implements Embed for a model that takes one film at a time: it checks the
// images, calls one for each good film, all at once, and puts the values, Tokens x
// Dim each, together as the interface wants them. one bounds how many run at
// once, if it must, and returns soon after ctx ends. If it asks another Embedder
// about its film, it may return the [BatchError] of that call.
func Each(ctx context.Context, s cxr.Space, images []*cxr.Image, one func(ctx context.Context, m *cxr.Image) ([]float32, error)) ([]*cxr.Embedding, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	errs := make([]error, len(images))
	if failed := CheckImages(s, images); failed != nil {
		errs = failed.Errors
	}
	out := make([]*cxr.Embedding, len(images))
	embed := func(i int, m *cxr.Image) {
		v := &cxr.Embedding{ID: m.ID, Space: s.For(m)}
		v.Values, errs[i] = one(ctx, m)
		if batch, ok := errs[i].(*BatchError); ok && len(batch.Errors) == 1 {
			errs[i] = batch.Errors[0]
		}
		if errs[i] == nil {
			errs[i] = v.Validate()
		}
		if errs[i] == nil {
			out[i] = v
		}
	}
	var group sync.WaitGroup
	for i, m := range images {
		switch {
		case errs[i] != nil:
		case len(images) == 1: // no goroutine for the common case
			embed(i, m)
		default:
			group.Go(func() { embed(i, m) })
		}
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	if errors.Join(errs...) != nil {
		return out, &BatchError{Errors: errs}
	}
	return out, nil
}
