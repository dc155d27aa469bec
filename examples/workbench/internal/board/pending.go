package board

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// pending is the films that no pass has looked at, as a source. Each is read by
// itself, so that one that has vanished is told as such, and a few at once. Films that
// come meanwhile are the next ones, as somebody looks at what he drops.
type pending struct {
	b          *Board
	waiting    []int
	there      int // films that there were, or that have been taken since
	converters map[*input]*dicomconv.Converter
	running    []chan looked

	mu      sync.Mutex
	started []int // films in the order given
}

type looked struct {
	film *cxr.Image
	err  error
}

func (b *Board) pending(recipe string) *pending {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := &pending{b: b, there: len(b.films), converters: map[*input]*dicomconv.Converter{}}
	for i := range b.films {
		if !b.films[i].seen {
			s.waiting = append(s.waiting, i)
		}
	}
	for _, in := range b.inputs {
		s.converters[in] = b.convert(in, dicomconv.Options{Recipe: recipe, Views: dicomconv.ViewsAny})
	}
	return s
}

// Next implements cxr.Source.
func (s *pending) Next(ctx context.Context) (*cxr.Image, error) {
	for len(s.running) < runtime.GOMAXPROCS(0) {
		i, ok := s.start()
		if !ok {
			break
		}
		done := make(chan looked, 1)
		s.running = append(s.running, done)
		go func() {
			m, err := s.look(ctx, i)
			done <- looked{m, err}
		}()
	}
	if len(s.running) == 0 {
		return nil, io.EOF
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-s.running[0]:
		s.running = s.running[1:]
		return r.film, r.err
	}
}

// start is the next film to look at, if there is one.
func (s *pending) start() (film int, ok bool) {
	s.b.mu.RLock()
	all := len(s.b.films)
	s.b.mu.RUnlock()
	switch {
	case s.there < all:
		film = s.there
		s.there++
	case len(s.waiting) > 0:
		film, s.waiting = s.waiting[0], s.waiting[1:]
	default:
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = append(s.started, film)
	return film, true
}

// film is the number of the film that was given at a place in order.
func (s *pending) film(at int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started[at]
}

// look reads film i. Films of all views are read, as one that is not embedded can
// still be seen.
func (s *pending) look(ctx context.Context, i int) (*cxr.Image, error) {
	s.b.rest(ctx)
	s.b.mu.RLock()
	f := s.b.films[i]
	s.b.mu.RUnlock()
	m, err := readOne(ctx, s.converters[f.in], &f)
	if err != nil {
		return nil, &cxr.ItemError{ID: f.ID, Op: "read", Err: err}
	}
	if m.View == cxr.ViewLateral || m.View == cxr.ViewOther {
		s.b.see(i, m)
		return nil, &cxr.ItemError{ID: f.ID, Op: "read", Err: cxr.ErrNotFrontal}
	}
	return m, nil
}

// errGone is of a film whose file was there when films were listed.
var errGone = errors.New("its file is no longer there")

// readOne reads the file of a film.
func readOne(ctx context.Context, c *dicomconv.Converter, f *film) (*cxr.Image, error) {
	files := c.Files(f.in.FS, f.path)
	defer files.Close()
	m, err := files.Next(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == io.EOF:
		return nil, errGone
	case err != nil:
		return nil, plain(err)
	}
	m.ID = f.ID
	return m, nil
}

// see notes a film that is not embedded, but can be looked at.
func (b *Board) see(i int, m *cxr.Image) {
	b.keepThumb(i, m)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.films[i].view, b.films[i].View = true, m.View
}
