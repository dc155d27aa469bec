package main

import (
	"context"
	"errors"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/input"
)

// A source reads the inputs of an argument one after the other, so many films at
// most.
type source struct {
	converter *dicomconv.Converter
	inputs    []input.Input
	current   cxr.Source
	read      int
	limit     int
}

func open(c *dicomconv.Converter, path string, limit int) (*source, error) {
	inputs, err := input.Find(path)
	if err != nil {
		return nil, err
	}
	return &source{converter: c, inputs: inputs, limit: limit}, nil
}

// Next keeps the contract of [cxr.Source]. Films are named by their whole path.
func (s *source) Next(ctx context.Context) (*cxr.Image, error) {
	for {
		if len(s.inputs) == 0 || s.limit > 0 && s.read >= s.limit {
			return nil, io.EOF
		}
		in := s.inputs[0]
		if s.current == nil {
			s.current = s.converter.Files(in.FS, in.Within...)
		}
		m, err := s.current.Next(ctx)
		if err == io.EOF {
			if err := s.next(); err != nil {
				return nil, err
			}
			continue
		}
		s.read++
		var one *cxr.ItemError
		if errors.As(err, &one) {
			return nil, &cxr.ItemError{ID: in.Prefix + one.ID, Op: one.Op, Err: one.Err}
		}
		if err != nil {
			return nil, err
		}
		m.ID = in.Prefix + m.ID
		return m, nil
	}
}

// next closes the first input.
func (s *source) next() error {
	err := s.inputs[0].Close()
	if c, ok := s.current.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	s.inputs, s.current = s.inputs[1:], nil
	return err
}

// Close ends reading early.
func (s *source) Close() (err error) {
	for len(s.inputs) > 0 {
		err = errors.Join(err, s.next())
	}
	return err
}
