package hosted

import (
	"context"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
)

// A keeper keeps the films that pass until their embeddings are there.
type keeper struct {
	cxr.Source
	mu    sync.Mutex
	films map[string]*cxr.Image
}

func (k *keeper) Next(ctx context.Context) (*cxr.Image, error) {
	m, err := k.Source.Next(ctx)
	if err == nil {
		k.mu.Lock()
		k.films[m.ID] = m
		k.mu.Unlock()
	}
	return m, err
}

func (k *keeper) take(id string) *cxr.Image {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.films[id]
	delete(k.films, id)
	return m
}
