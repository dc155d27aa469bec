package embed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Run drives an [Embedder] over a stream of films: several calls at once,
// results in input order, and one outcome for every film. Memory is bounded by
// Batch x Parallel films, however many the source holds. The zero Run is ready
// to use; a Run may be used by several goroutines at once.
type Run struct {
	Batch    int         // films in one Embed call; 0: 1
	Parallel int         // Embed calls at once; 0: one for each processor
	Store    Store       // what it has is not embedded again, and what is embedded goes there, as it is done: in no order; nil: none
	OnItem   func(Event) // told of every film, in input order, never concurrently; may be nil
}

// An Event is the outcome of one film.
type Event struct {
	Index int    // of the film in the source, from 0
	ID    string // of the film, as far as it is known
	Err   error  // nil, or an error that [errors.As] finds to be a *cxr.ItemError
	Found bool   // in the store: the film was not embedded again
}

// Name is the event by the name of its counter in CXR Foundation's pipeline.
func (e Event) Name() string {
	var item *cxr.ItemError
	switch {
	case e.Found:
		return "output-file-exists"
	case e.Err == nil:
		return "successful-inference"
	case errors.Is(e.Err, cxr.ErrNotFrontal):
		return "non-frontal"
	case errors.As(e.Err, &item) && item.Op == "embed":
		return "failed-inference"
	case errors.As(e.Err, &item) && item.Op == "store":
		return "failed-output"
	}
	return "failed-example-creation"
}

// Do embeds every film of src and hands the embeddings to emit, in input
// order, from the calling goroutine. A film that cannot be read or embedded is
// an Event with an error; the run goes on. Do ends with nil after the last
// film, or with the first of: an error of emit, an error of src that is no
// *cxr.ItemError, the end of ctx. It closes src if src is an [io.Closer], and
// leaves no goroutine behind.
func (r *Run) Do(ctx context.Context, e Embedder, src cxr.Source, emit func(*cxr.Embedding) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	calls := make(chan *call, max(r.parallel()-1, 0)) // with the one being awaited: Parallel
	var readErr error
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(calls)
		readErr = r.read(ctx, e, src, calls)
	})
	defer func() {
		cancel()
		for c := range calls { // what was under way when the run ended early
			<-c.done
		}
		reader.Wait()
		if c, ok := src.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}()

	index := 0
	for c := range calls {
		<-c.done
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("embed: %w", err)
		}
		for _, it := range c.items {
			if r.OnItem != nil {
				r.OnItem(Event{Index: index, ID: it.id, Err: it.err, Found: it.found})
			}
			index++
			if it.err != nil {
				continue
			}
			if err := emit(it.embedding); err != nil {
				return err
			}
		}
	}
	return readErr // the reader has closed calls, so it is done
}

// All is Do as an iterator: an embedding, or nil and a *cxr.ItemError, for
// every film; any other error is the last. Leaving the loop ends the run.
func (r *Run) All(ctx context.Context, e Embedder, src cxr.Source) iter.Seq2[*cxr.Embedding, error] {
	return func(yield func(*cxr.Embedding, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		left, errLeft := false, errors.New("loop left")
		give := func(v *cxr.Embedding, err error) error {
			if !left && !yield(v, err) {
				left = true
				cancel()
			}
			if left {
				return errLeft
			}
			return nil
		}
		inner := Run{Batch: r.Batch, Parallel: r.Parallel, Store: r.Store, OnItem: func(ev Event) {
			if r.OnItem != nil && !left {
				r.OnItem(ev)
			}
			if ev.Err != nil {
				give(nil, ev.Err)
			}
		}}
		err := inner.Do(ctx, e, src, func(v *cxr.Embedding) error { return give(v, nil) })
		if err != nil && !left {
			yield(nil, err)
		}
	}
}

func (r *Run) parallel() int {
	if r.Parallel > 0 {
		return r.Parallel
	}
	return runtime.GOMAXPROCS(0)
}

// A call is one Embed call and its outcomes.
type call struct {
	items []*item
	done  chan struct{}
}

// An item is a film on its way: read, then embedded or failed.
type item struct {
	id        string
	image     *cxr.Image
	embedding *cxr.Embedding
	found     bool // in the store
	err       error
}

// read fills calls from src. A call is sent before it is started, so that the
// channel's capacity bounds the calls under way.
func (r *Run) read(ctx context.Context, e Embedder, src cxr.Source, calls chan<- *call) error {
	batch := max(r.Batch, 1)
	for end := false; !end; {
		c := &call{done: make(chan struct{})}
		for films := 0; films < batch; {
			m, err := src.Next(ctx)
			var bad *cxr.ItemError
			switch {
			case err == nil:
				c.items = append(c.items, &item{id: m.ID, image: m})
				films++
				continue
			case errors.As(err, &bad):
				c.items = append(c.items, &item{id: bad.ID, err: err})
				// A long run of bad files must not wait for a good one.
				if len(c.items) < 2*batch {
					continue
				}
			case err == io.EOF:
				end = true
			default:
				r.start(ctx, e, c, calls)
				return err
			}
			break
		}
		if !r.start(ctx, e, c, calls) {
			return fmt.Errorf("embed: %w", ctx.Err())
		}
	}
	return nil
}

// start sends the call and starts it. It reports false if ctx ended first.
func (r *Run) start(ctx context.Context, e Embedder, c *call, calls chan<- *call) bool {
	if len(c.items) == 0 {
		return true
	}
	select {
	case calls <- c:
	case <-ctx.Done():
		return false
	}
	go func() {
		defer close(c.done)
		c.embed(ctx, e, r.Store)
	}()
	return true
}

// embed makes the call for what the store does not have, and gives every item
// its outcome.
func (c *call) embed(ctx context.Context, e Embedder, store Store) {
	var images []*cxr.Image
	var items []*item
	var keys []Key
	for _, it := range c.items {
		if it.image == nil {
			continue
		}
		if store != nil && it.image.Validate() == nil {
			key := KeyOf(e.Model(), it.image)
			switch v, err := store.Get(ctx, key); {
			case err == nil:
				it.embedding, it.found, it.image = v, true, nil
				continue
			case !errors.Is(err, fs.ErrNotExist):
				it.err, it.image = &cxr.ItemError{ID: it.id, Op: "store", Err: err}, nil
				continue
			}
			keys = append(keys, key)
		} else {
			keys = append(keys, Key{})
		}
		images, items = append(images, it.image), append(items, it)
	}
	if len(images) == 0 {
		return
	}
	results, err := e.Embed(ctx, images...)
	var batch *BatchError
	if errors.As(err, &batch) && len(batch.Errors) != len(images) {
		batch = nil // it speaks of other films than ours
	}
	for i, it := range items {
		it.image = nil // the film can go as soon as it is embedded
		switch {
		case batch != nil && batch.Errors[i] != nil:
			it.err = batch.Errors[i]
		case batch == nil && err != nil:
			it.err = err
		case len(results) != len(images) || results[i] == nil:
			it.err = fmt.Errorf("%w: embedder %s gave no result", cxr.ErrEmbedding, e.Model().Name)
		default:
			it.embedding, it.err = results[i], results[i].Validate()
		}
		if it.err != nil {
			it.err = &cxr.ItemError{ID: it.id, Op: "embed", Err: it.err}
		} else if store != nil {
			if err := store.Put(ctx, keys[i], it.embedding); err != nil {
				it.err = &cxr.ItemError{ID: it.id, Op: "store", Err: err}
			}
		}
	}
}
