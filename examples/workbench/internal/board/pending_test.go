package board

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
)

// slow embeds a film each time that it is let, and notes which.
type slow struct {
	pixels.Embedder
	let chan struct{}
	mu  *sync.Mutex
	ids *[]string
}

func (e slow) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.let:
	}
	e.mu.Lock()
	for _, m := range images {
		*e.ids = append(*e.ids, m.ID)
	}
	e.mu.Unlock()
	return e.Embedder.Embed(ctx, images...)
}

// A film that is dropped is embedded before those of the folder that wait.
func TestDroppedFilmIsNext(t *testing.T) {
	read := 4 * runtime.GOMAXPROCS(0) // films that may have been read ahead
	films := 20 + 2*read
	var ids []string
	e := slow{let: make(chan struct{}), mu: &sync.Mutex{}, ids: &ids}
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(films / 2))}}, Model: func(context.Context) (embed.Embedder, error) { return e, nil }})
	e.let <- struct{}{} // they are being embedded
	i, err := b.Drop(t.Context(), bytes.NewReader(cohort(films)[films].DICOM()))
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k < films+1; k++ {
		if f, _ := b.Film(i); f.State == Embedded {
			if k > read+2 {
				t.Errorf("the film was embedded after %d others", k)
			}
			return
		}
		e.let <- struct{}{}
	}
	wait(t, "the film is embedded", func() bool { f, _ := b.Film(i); return f.State == Embedded })
	t.Error("it was the last one")
}
