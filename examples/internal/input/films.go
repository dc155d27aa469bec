package input

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// Films is a [cxr.Source] of the films of several inputs, one input after the
// other. Films are named by their whole paths; one whose name another had, in
// small letters or capitals, fails with [cxr.ErrDuplicate], as within an input.
type Films struct {
	inputs  []Input
	sources []*dicomconv.Films // of the inputs
	taken   map[string]bool    // IDs, in small letters
	read    int
	limit   int
}

// NewFilms reads inputs, so many films at most; 0 is all. The inputs are its to
// close.
func NewFilms(c *dicomconv.Converter, limit int, inputs []Input) *Films {
	f := &Films{inputs: inputs, taken: map[string]bool{}, limit: limit}
	for _, in := range inputs {
		f.sources = append(f.sources, c.Files(in.FS, in.Within...))
	}
	return f
}

// Len is how many films are to come.
func (f *Films) Len() int {
	n := 0
	for _, s := range f.sources {
		n += s.Len()
	}
	if f.limit > 0 {
		n = min(n, f.limit-f.read)
	}
	return n
}

// Next implements [cxr.Source].
func (f *Films) Next(ctx context.Context) (*cxr.Image, error) {
	for {
		if len(f.inputs) == 0 || f.limit > 0 && f.read >= f.limit {
			return nil, io.EOF
		}
		m, err := f.sources[0].Next(ctx)
		if err == io.EOF {
			if err := f.next(); err != nil {
				return nil, err
			}
			continue
		}
		f.read++
		prefix := f.inputs[0].Prefix
		var one *cxr.ItemError
		if errors.As(err, &one) {
			return nil, &cxr.ItemError{ID: prefix + one.ID, Path: prefix + one.Path, Op: one.Op, Err: one.Err}
		}
		if err != nil {
			return nil, err
		}
		m.ID = prefix + m.ID
		folded := strings.ToLower(m.ID)
		if f.taken[folded] {
			return nil, &cxr.ItemError{ID: m.ID, Path: m.ID, Op: "name", Err: cxr.ErrDuplicate}
		}
		f.taken[folded] = true
		return m, nil
	}
}

// next leaves the first input.
func (f *Films) next() error {
	err := f.sources[0].Close()
	err = errors.Join(err, f.inputs[0].Close())
	f.inputs, f.sources = f.inputs[1:], f.sources[1:]
	return err
}

// Close ends reading early.
func (f *Films) Close() (err error) {
	for len(f.inputs) > 0 {
		err = errors.Join(err, f.next())
	}
	return err
}
