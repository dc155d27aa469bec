package onnx

import (
	"fmt"
	"strconv"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Reader of external data gives the bytes of a range of the file at a location
// beside the model's: length bytes at the offset.
type Reader func(location string, offset, length int64) ([]byte, error)

// An outside is a tensor whose data stand in another file, and the entries that say
// where.
type outside struct {
	*Tensor
	entries map[string]string
}

// loadExternal reads what stands in other files, in the order of the model.
func (p *parser) loadExternal() error {
	for _, t := range p.outside {
		if err := p.load(t.Tensor, t.entries); err != nil {
			return err
		}
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

// load reads the data of a tensor that stand in another file: as many bytes as
// its shape says, whose number the file may tell too.
func (p *parser) load(t *Tensor, entries map[string]string) error {
	if p.external == nil {
		return fmt.Errorf("%w: tensor %q is in file %q", cxr.ErrUnsupported, t.Name, entries["location"])
	}
	total, err := t.bytes()
	if err != nil {
		return err
	}
	number := func(key string, or int64) (int64, error) {
		text, ok := entries[key]
		if !ok {
			return or, nil
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < 0 {
			return 0, fmt.Errorf("%w: tensor %q with external %s %q", cxr.ErrCorrupt, t.Name, key, text)
		}
		return v, nil
	}
	offset, err := number("offset", 0)
	if err != nil {
		return err
	}
	length, err := number("length", total)
	if err != nil {
		return err
	}
	if length != total {
		return fmt.Errorf("%w: tensor %q has %d bytes in file %q, its shape %v of %v says %d", cxr.ErrCorrupt, t.Name, length, entries["location"], t.Shape, t.Type, total)
	}
	if total == 0 {
		t.raw = []byte{}
		return nil
	}
	if t.raw, err = p.external(entries["location"], offset, total); err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	return nil
}
