package filmcheck

import (
	"context"
	"errors"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Guard is an Embedder that checks every film before it embeds it. Films over
// the limits fail, each with the error of [Answer.Problem], so that embed.Run
// tells of them like of any that cannot be embedded; the others are embedded.
type Guard struct {
	embed.Embedder
	Checker *Checker
	Limits  Limits // the zero value refuses everything; see Default
	// Mark, if not nil, is told of every film and what it seems to be, and of the
	// reason against it, if there is one. Films are embedded all the same if it
	// returns nil. It may be called concurrently.
	Mark func(id string, a *Answer, problem error) error
}

// Embed implements [embed.Embedder].
func (g *Guard) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	errs := make([]error, len(images))
	var good []*cxr.Image
	var at []int
	for i, m := range images {
		errs[i] = g.check(ctx, m)
		if err := ctx.Err(); err != nil {
			return nil, errs[i]
		}
		if errs[i] == nil {
			good, at = append(good, m), append(at, i)
		}
	}
	var found []*cxr.Embedding
	var err error
	if len(good) > 0 || len(images) == 0 {
		found, err = g.Embedder.Embed(ctx, good...)
	}
	var batch *embed.BatchError
	if errors.As(err, &batch) {
		for k, e := range batch.Errors {
			errs[at[k]] = e
		}
	} else if err != nil {
		return nil, err
	}
	out := make([]*cxr.Embedding, len(images))
	for k, v := range found {
		out[at[k]] = v
	}
	if errors.Join(errs...) != nil {
		return out, &embed.BatchError{Errors: errs}
	}
	return out, nil
}

func (g *Guard) check(ctx context.Context, m *cxr.Image) error {
	if err := m.Validate(); err != nil {
		return err
	}
	a, err := g.Checker.Check(ctx, m)
	if err != nil {
		return err
	}
	problem := a.Problem(g.Limits)
	if g.Mark != nil {
		return g.Mark(m.ID, a, problem)
	}
	return problem
}
