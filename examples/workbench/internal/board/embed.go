package board

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
)

// A progress is how far the embedding of films is.
type progress struct {
	model   string      // its name; empty: not open yet
	problem string      // why no film is embedded
	recent  []time.Time // when films were embedded, the last of them
	done    bool        // nothing is to be embedded
}

// A Progress tells how far the embedding of films is.
type Progress struct {
	Model   string  `json:"model"`
	Problem string  `json:"problem,omitempty"`
	Total   int     `json:"total"`
	Done    int     `json:"done"`   // films with an embedding
	Failed  int     `json:"failed"` // films that will have none
	Rate    float64 `json:"rate"`   // films a second, of late; 0: not known
	Left    float64 `json:"left"`   // seconds; 0: not known
}

// Progress tells how far the embedding of films is.
func (b *Board) Progress() Progress {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p := Progress{Model: b.progress.model, Problem: b.progress.problem, Total: len(b.films)}
	for i := range b.films {
		switch b.films[i].State {
		case Embedded:
			p.Done++
		case Shown, Failed:
			p.Failed++
		}
	}
	const few, stale = 4, time.Minute
	if recent := b.progress.recent; len(recent) >= few && !b.progress.done && time.Since(recent[len(recent)-1]) < stale {
		p.Rate = float64(len(recent)-1) / time.Since(recent[0]).Seconds()
		p.Left = float64(p.Total-p.Done-p.Failed) / p.Rate
	}
	return p
}

// embedAll embeds films until the board is closed: those of the start, and those
// that come later.
func (b *Board) embedAll() {
	if b.o.Model == nil {
		return
	}
	e, err := b.o.Model(b.about)
	if err != nil {
		b.problem(fmt.Errorf("the encoder cannot be opened: %w", err))
		return
	}
	b.looks.use(e)
	space := e.Space()
	if space.Recipe == "" {
		space.Recipe = cxr.Standard
	}
	b.mu.Lock()
	b.progress.model = space.Model
	b.revision++
	b.mu.Unlock()
	run := embed.Run{Parallel: max(1, runtime.GOMAXPROCS(0)-1)} // a processor for who labels
	if b.o.Embeddings != nil {
		b.recall(space)
		if dir, err := store.OpenIn(b.about, b.o.Embeddings, space, nil); err != nil {
			b.problem(fmt.Errorf("embeddings are not kept: %w", err))
		} else {
			run.Store = &keeper{b, dir}
		}
	}
	for b.pass(run, e, space) {
	}
}

func (b *Board) problem(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.about.Err() == nil {
		b.progress.problem = err.Error()
		b.revision++
	}
}

// recall takes the embeddings that were kept, by the names of their films: the films
// are looked at afterwards, and one that was changed is embedded anew.
func (b *Board) recall(space cxr.Space) {
	all, err := store.ReadFS(b.o.Embeddings, ".")
	if err != nil {
		return // there are none, or the store that is opened next tells why
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range all {
		if i, ok := b.index[e.ID]; ok && e.Space == space {
			b.embedded(i, e)
		}
	}
	b.revision++
	b.wake()
}

// pass embeds the films that are to be looked at, and waits if there are none. It is
// false when the board is closed.
func (b *Board) pass(run embed.Run, e embed.Embedder, space cxr.Space) bool {
	s := b.pending(space.Recipe)
	if len(s.waiting) == 0 {
		b.mu.Lock()
		b.progress.done = true
		b.revision++
		b.mu.Unlock()
		select {
		case <-b.about.Done():
			return false
		case <-b.more:
			return true
		}
	}
	err := run.Do(b.about, e, s, func(film embed.Event) error {
		b.event(s.film(film.Index), film)
		return nil
	})
	if err != nil && b.about.Err() == nil && !errors.Is(err, embed.ErrAllFailed) {
		b.problem(err)
	}
	return b.about.Err() == nil
}

// embedded notes the embedding of film i.
func (b *Board) embedded(i int, e *cxr.Embedding) {
	f := &b.films[i]
	if f.embedding == nil {
		b.ready++
	}
	f.embedding, f.State, f.Problem = e, Embedded, ""
}

// event notes what became of film i.
func (b *Board) event(i int, film embed.Event) {
	if film.Image != nil {
		b.keepThumb(i, film.Image)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f := &b.films[i]
	f.seen = true
	switch {
	case film.Err == nil:
		b.embedded(i, film.Embedding)
		f.View = film.Image.View
		if !film.Found {
			const window = 64
			b.progress.recent = append(b.progress.recent, time.Now())
			b.progress.recent = b.progress.recent[max(0, len(b.progress.recent)-window):]
		}
		b.wake()
	default:
		if f.embedding != nil { // kept, of a file that cannot be read any more
			b.ready--
			f.embedding = nil
		}
		f.State, f.Problem = Failed, plain(film.Err).Error()
		if film.Image != nil || f.view {
			f.State = Shown
		}
	}
	b.revision++
}

// A keeper is a store on a disk that may be full: the embedding that it cannot keep
// is good for now.
type keeper struct {
	b *Board
	*store.Dir
}

// Put implements embed.Store.
func (k *keeper) Put(ctx context.Context, key embed.Key, v *cxr.Embedding) error {
	if err := k.Dir.Put(ctx, key, v); err != nil && ctx.Err() == nil {
		k.b.problem(fmt.Errorf("embeddings are not kept: %w", pathless(err)))
	}
	return ctx.Err()
}
