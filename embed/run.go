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

// ErrAllFailed is the error of a run in which not one film could be embedded.
var ErrAllFailed = errors.New("all films failed")

// A Run drives an [Embedder] over a stream of films: several calls at once,
// results in input order, and one outcome for every film. At most (Parallel + 1)
// x Batch films are held at once, however many the source has. The zero Run is
// ready to use; a Run may be used by several goroutines at once.
type Run struct {
	Batch    int   // films in one Embed call; 0: 1
	Parallel int   // Embed calls at once; 0: one for each processor
	Store    Store // what it has is not embedded again, and what is embedded goes there, as it is done: in no order; nil: none
}

// Do embeds every film of src and hands the outcomes to each, in input order,
// from the calling goroutine. A film that cannot be read or embedded is an
// [Event] with an error; the run goes on. Do ends with nil after the last
// film, or with the first of: an error of each, an error of src that is no
// *cxr.ItemError, the end of ctx. If every film failed, that is an error too:
// [ErrAllFailed], which counts them and wraps the first failure. Do closes src
// if src is an [io.Closer], and leaves no goroutine behind.
func (r Run) Do(ctx context.Context, e Embedder, src cxr.Source, each func(Event) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	calls := make(chan *call, r.parallel()-1) // with the one being awaited: Parallel
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

	var films, failed int
	var first error
	for c := range calls {
		<-c.done
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("embed: %w", err)
		}
		for i, ev := range c.events {
			c.events[i] = Event{} // whoever was told may let the film go
			ev.Index = films
			films++
			if ev.Err != nil {
				if failed++; first == nil {
					first = ev.Err
				}
			}
			if err := each(ev); err != nil {
				return err
			}
		}
	}
	if readErr == nil && films > 0 && failed == films { // the reader has closed calls, so it is done
		return fmt.Errorf("embed: %w: %d, the first: %w", ErrAllFailed, films, first)
	}
	return readErr
}

// All is Do as an iterator: the outcome of every film with a nil error, and last,
// if Do ends with an error, that error. Leaving the loop ends the run.
func (r Run) All(ctx context.Context, e Embedder, src cxr.Source) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		errLeft := errors.New("loop left")
		left := false
		err := r.Do(ctx, e, src, func(ev Event) error {
			if left = !yield(ev, nil); left {
				return errLeft
			}
			return nil
		})
		if err != nil && !left {
			yield(Event{}, err)
		}
	}
}

// Collect is Do with the results as slices: the embeddings and the failures, each
// in input order. After an error they are those of the films before it.
func (r Run) Collect(ctx context.Context, e Embedder, src cxr.Source) (embeddings []*cxr.Embedding, failed []*cxr.ItemError, err error) {
	err = r.Do(ctx, e, src, func(ev Event) error {
		var item *cxr.ItemError
		if errors.As(ev.Err, &item) {
			failed = append(failed, item)
		} else {
			embeddings = append(embeddings, ev.Embedding)
		}
		return nil
	})
	return embeddings, failed, err
}

func (r Run) parallel() int {
	if r.Parallel > 0 {
		return r.Parallel
	}
	return runtime.GOMAXPROCS(0)
}

// A call is one Embed call and its outcomes.
type call struct {
	events []Event
	done   chan struct{}
}

// read fills calls from src. A call is sent before it is started, so that the
// channel's capacity bounds the calls under way.
func (r Run) read(ctx context.Context, e Embedder, src cxr.Source, calls chan<- *call) error {
	batch := max(r.Batch, 1)
	for end := false; !end; {
		c := &call{done: make(chan struct{})}
		for films := 0; films < batch; {
			m, err := src.Next(ctx)
			var bad *cxr.ItemError
			switch {
			case err == nil:
				c.events = append(c.events, Event{ID: m.ID, Image: m})
				films++
				continue
			case errors.As(err, &bad):
				c.events = append(c.events, Event{ID: bad.ID, Err: err})
				// A long run of bad files must not wait for a good one.
				if len(c.events) < 2*batch {
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
func (r Run) start(ctx context.Context, e Embedder, c *call, calls chan<- *call) bool {
	if len(c.events) == 0 {
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

// embed makes the call for what the store does not have, and gives every film
// its outcome.
func (c *call) embed(ctx context.Context, e Embedder, store Store) {
	space := e.Space()
	var images []*cxr.Image
	var events []*Event
	var keys []Key
	for i := range c.events {
		ev := &c.events[i]
		if ev.Image == nil {
			continue
		}
		var key Key
		if store != nil && ev.Image.Validate() == nil {
			key = KeyOf(space, ev.Image)
			switch v, err := store.Get(ctx, key); {
			case err == nil:
				ev.Embedding, ev.Found = v, true
				if v.ID != ev.ID { // of another film's equal pixels: this one needs its own
					own := *v
					own.ID = ev.ID
					ev.Embedding = &own
					if err := store.Put(ctx, key, &own); err != nil {
						ev.Embedding, ev.Found, ev.Err = nil, false, &cxr.ItemError{ID: ev.ID, Op: "store", Err: err}
					}
				}
				continue
			case !errors.Is(err, fs.ErrNotExist):
				ev.Err = &cxr.ItemError{ID: ev.ID, Op: "store", Err: err}
				continue
			}
		}
		images, events, keys = append(images, ev.Image), append(events, ev), append(keys, key)
	}
	if len(images) == 0 {
		return
	}
	results, err := e.Embed(ctx, images...)
	var batch *BatchError
	if errors.As(err, &batch) && len(batch.Errors) != len(images) {
		batch = nil // it speaks of other films than ours
	}
	for i, ev := range events {
		failure := err // of the whole call
		switch {
		case batch != nil && batch.Errors[i] != nil:
			failure = batch.Errors[i]
		case batch == nil && err != nil:
		case len(results) != len(images) || results[i] == nil:
			failure = fmt.Errorf("%w: embedder of %v gave no result", cxr.ErrEmbedding, space)
		default:
			failure = checkResult(space, ev.Image, results[i])
		}
		if failure != nil {
			ev.Err = &cxr.ItemError{ID: ev.ID, Op: "embed", Err: failure}
		} else if store != nil {
			if err := store.Put(ctx, keys[i], results[i]); err != nil {
				ev.Err = &cxr.ItemError{ID: ev.ID, Op: "store", Err: err}
			}
		}
		if ev.Err == nil {
			ev.Embedding = results[i]
		}
	}
}

// checkResult refuses what is not the embedding of the film.
func checkResult(s cxr.Space, m *cxr.Image, v *cxr.Embedding) error {
	if v.ID != m.ID {
		return fmt.Errorf("%w: embedder of %v gave the result of another film", cxr.ErrEmbedding, s)
	}
	if err := v.Check(s.For(m)); err != nil {
		return fmt.Errorf("%w: embedder gave another embedding than it says: %w", cxr.ErrEmbedding, err)
	}
	return nil
}
