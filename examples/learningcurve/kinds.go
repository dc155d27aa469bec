package main

import (
	"context"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

// kinds are the features that are compared, from the encoder's.
type kinds []embed.Embedder

func openKinds() (kinds, error) {
	encoder, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	random, err := untrained.Mini()
	if err != nil {
		return nil, err
	}
	return kinds{encoder, random, pixels.Embedder{}}, nil
}

// A together embeds by all kinds at once: its results are the first's, and it
// keeps the others' until they are asked for.
type together struct {
	embed.Embedder
	others kinds
	mu     sync.Mutex
	made   map[string][]*cxr.Embedding // by film
}

func newTogether(k kinds) *together {
	return &together{Embedder: k[0], others: k[1:], made: map[string][]*cxr.Embedding{}}
}

func (t *together) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	results, err := t.Embedder.Embed(ctx, images...)
	if err != nil {
		return results, err
	}
	for _, e := range t.others {
		more, err := e.Embed(ctx, images...)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		for i, m := range images {
			t.made[m.ID] = append(t.made[m.ID], more[i])
		}
		t.mu.Unlock()
	}
	return results, nil
}

// take is the embeddings of a film by all kinds.
func (t *together) take(first *cxr.Embedding) []*cxr.Embedding {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := append([]*cxr.Embedding{first}, t.made[first.ID]...)
	delete(t.made, first.ID)
	return all
}
