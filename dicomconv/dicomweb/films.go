package dicomweb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/wado"
)

// Films are the films that q finds, nil standing for all of CR and DX, in the
// order in which the server tells of them. What cannot be retrieved or read is an
// *cxr.ItemError and does not end the stream. A search that fails does, and so do
// ten films in a row that the server does not give.
func (c *Client) Films(q *Query) *Films {
	checked, err := q.check()
	s := &Films{c: c, q: checked, err: err, taken: map[string]string{}}
	o := c.o.Convert
	if o.Modalities == nil {
		o.Modalities = checked.Modalities
	}
	if o.BodyParts == nil && checked.BodyParts != nil {
		o.BodyParts = append([]string{""}, checked.BodyParts...)
	}
	s.converter = dicomconv.New(&o)
	return s
}

// Films is a [cxr.Source]. At most Options.Parallel films are being retrieved, or
// are done and wait, at a time. It is used by one goroutine, and must be closed
// when left before its end.
type Films struct {
	c         *Client
	q         Query
	converter *dicomconv.Converter
	err       error // that ended the stream
	next      chan chan result
	waited    chan result // of a film that Next was called for in vain
	cancel    context.CancelFunc
	working   sync.WaitGroup
	taken     map[string]string // series by ID; the searching goroutine's
	failures  int               // in a row, of the server
}

type result struct {
	film *cxr.Image
	err  error
}

// mostFailures in a row end a stream: the server is down, and the films behind
// it had better be tried another day.
const mostFailures = 10

// Next implements [cxr.Source].
func (s *Films) Next(ctx context.Context) (*cxr.Image, error) {
	if s.err != nil {
		return nil, s.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.next == nil {
		s.start()
	}
	if s.waited == nil {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case s.waited = <-s.next:
		}
	}
	var r result
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r = <-s.waited:
		s.waited = nil
	}
	var item *cxr.ItemError
	switch {
	case r.err == nil:
		s.failures = 0
		return r.film, nil
	case !errors.As(r.err, &item):
		s.Close()
		s.err = r.err
	case lost(item.Err):
		if s.failures++; s.failures == mostFailures {
			s.Close()
			s.err = fmt.Errorf("dicomweb: %d films in a row could not be retrieved: %w", mostFailures, item.Err)
			return nil, s.err
		}
	default:
		s.failures = 0
	}
	return nil, r.err
}

// Close ends what is under way. After it, Next fails with fs.ErrClosed.
func (s *Films) Close() error {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
		for range s.next { // lets the search end
		}
		s.working.Wait()
	}
	s.err = fs.ErrClosed
	return nil
}

// start searches and retrieves, ahead of Next.
func (s *Films) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.next = make(chan chan result, s.c.o.Parallel-1)
	s.working.Go(func() {
		defer close(s.next)
		end := make(chan result, 1)
		send := func(done chan result) error {
			select {
			case s.next <- done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		fail := func(id, op string, err error) error {
			if s.q.Skip != nil && s.q.Skip(id) {
				return nil
			}
			done := make(chan result, 1)
			done <- result{err: &cxr.ItemError{ID: id, Op: op, Err: err}}
			return send(done)
		}
		search := search{c: s.c, q: s.q, nameless: func(uid string) error {
			return fail(dicomconv.Pseudonym(s.c.o.Key, uid), "list", fmt.Errorf("%w: the server tells of a study, series or film whose UID is none", cxr.ErrCorrupt))
		}}
		err := search.run(ctx, func(i instance) error {
			id := dicomconv.Pseudonym(s.c.o.Key, i.sop)
			if in, ok := s.taken[id]; ok {
				if in == i.series {
					return nil
				}
				return fail(id, "name", cxr.ErrDuplicate)
			}
			s.taken[id] = i.series
			if s.q.Skip != nil && s.q.Skip(id) {
				return nil
			}
			done := make(chan result, 1)
			if err := send(done); err != nil { // before it is started, so that the channel bounds what is under way
				return err
			}
			s.working.Go(func() {
				film, err := s.retrieve(ctx, i, id)
				done <- result{film, err}
			})
			return nil
		})
		if err == nil {
			err = io.EOF
		} else {
			err = fmt.Errorf("dicomweb: search: %w", err)
		}
		end <- result{err: err}
		send(end)
	})
}

// forms are the ways in which servers give a film, the best first: as it is
// stored, or in explicit little endian.
var forms = []struct {
	bare   bool
	syntax string
}{{false, "*"}, {true, "*"}, {false, wado.ExplicitLittle}, {true, wado.ExplicitLittle}}

// retrieve makes an Image of a film.
func (s *Films) retrieve(ctx context.Context, i instance, id string) (*cxr.Image, error) {
	address := s.c.o.URL + "/studies/" + i.study + "/series/" + i.series + "/instances/" + i.sop
	form, file, err := s.c.film(ctx, address)
	if err != nil {
		return nil, &cxr.ItemError{ID: id, Op: "read", Err: err}
	}
	m, err := s.converter.Normalize(bytes.NewReader(file))
	if errors.Is(err, cxr.ErrUnsupported) && forms[form].syntax == "*" { // a transfer syntax without decoder: the server may have one
		if plain, failed := s.c.retrieve(ctx, address, form+2); failed == nil {
			m, err = s.converter.Normalize(bytes.NewReader(plain))
		} else if lost(failed) {
			return nil, &cxr.ItemError{ID: id, Op: "read", Err: failed}
		}
	}
	switch {
	case err != nil:
	case m.ID != id:
		err = fmt.Errorf("%w: the server has sent another film than it was asked for", cxr.ErrMismatch)
	case len(s.q.Views) > 0 && m.View.Frontal() && !slices.Contains(s.q.Views, m.View.String()): // which the server did not tell
		err = fmt.Errorf("%w: view position is %v, want one of %q", cxr.ErrMismatch, m.View, s.q.Views)
	}
	if err != nil {
		return nil, &cxr.ItemError{ID: id, Op: "decode", Err: err}
	}
	return m, nil
}

// film is the file at an address, in the form that the server is known to give,
// or the first that it gives.
func (c *Client) film(ctx context.Context, address string) (form int, file []byte, err error) {
	for form = max(int(c.works.Load())-1, 0); form < len(forms); form++ {
		file, err = c.retrieve(ctx, address, form)
		if err == nil {
			c.works.CompareAndSwap(0, int32(form+1))
			return form, file, nil
		}
		var failed *Error
		if !errors.As(err, &failed) || failed.Status != http.StatusBadRequest && failed.Status != http.StatusNotAcceptable && failed.Status != http.StatusUnsupportedMediaType {
			break
		}
	}
	return form, nil, err
}

func (c *Client) retrieve(ctx context.Context, address string, form int) (file []byte, err error) {
	err = c.get(ctx, address, wado.Accept(forms[form].bare, forms[form].syntax), func(answer *http.Response) (err error) {
		if answer.StatusCode == http.StatusNoContent {
			return fmt.Errorf("%w: no film in the answer", cxr.ErrCorrupt)
		}
		file, err = wado.Read(answer, c.o.Convert.Limits.Bytes)
		return err
	})
	return file, err
}
