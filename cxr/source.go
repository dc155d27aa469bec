package cxr

import (
	"context"
	"io"
)

// A Source is a stream of films in a stable order.
//
// Next returns the next film; [io.EOF] after the last one; an [*ItemError] for
// one bad film, after which the stream goes on; any other error ends it. A
// Source is used by one goroutine. One that also implements [io.Closer] must be
// closed when left before its end.
type Source interface {
	Next(ctx context.Context) (*Image, error)
}

// Images is a Source of the films given, in order. It neither copies nor
// changes them.
func Images(images ...*Image) Source { return &slice{images} }

type slice struct{ rest []*Image }

func (s *slice) Next(ctx context.Context) (*Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(s.rest) == 0 {
		return nil, io.EOF
	}
	m := s.rest[0]
	s.rest = s.rest[1:]
	return m, nil
}
