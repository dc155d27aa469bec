package dicomscan

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// pixelData reads the value of the pixel data element h.
func (f *File) pixelData(c *cursor, h head, headerOnly bool) error {
	p := &f.PixelData
	p.Tag, p.Words = h.tag, h.vr == "OW" || h.vr == ""
	p.Encapsulated = h.length == undefinedLength
	p.Length = int64(h.length)
	switch {
	case headerOnly:
		return nil
	case p.Encapsulated:
		return p.fragments(c)
	}
	v, err := c.value(h)
	p.Native = v
	return err
}

// fragments reads encapsulated pixel data (PS3.5 A.4): an item with the Basic
// Offset Table, often empty, then the fragments, then a delimiter.
func (p *PixelData) fragments(c *cursor) error {
	table, first := false, 0
	for {
		h, err := c.head()
		if err != nil {
			return err
		}
		if h.tag == tagSequenceEnd {
			return nil
		}
		if h.tag != tagItem || h.length == undefinedLength {
			return fmt.Errorf("%w: element %v at byte %d where a fragment was due", cxr.ErrCorrupt, h.tag, h.at)
		}
		v, err := c.value(h)
		if err != nil {
			return err
		}
		if !table {
			table, first = true, c.pos
			p.basicOffsets(c, v)
			continue
		}
		p.starts = append(p.starts, uint64(h.at-first))
		p.Fragments = append(p.Fragments, v)
	}
}

// basicOffsets keeps the Basic Offset Table, unless an extended one was found.
func (p *PixelData) basicOffsets(c *cursor, v []byte) {
	if len(p.Offsets) > 0 {
		return
	}
	for ; len(v) >= 4; v = v[4:] {
		p.Offsets = append(p.Offsets, uint64(c.order().Uint32(v)))
	}
}

// Frame is the codestream of frame i of n encapsulated frames, its fragments
// joined.
func (p *PixelData) Frame(i, n int) ([]byte, error) {
	switch {
	case len(p.Fragments) == 0:
		return nil, fmt.Errorf("%w: pixel data without a fragment", cxr.ErrTruncated)
	case n == 1:
		return join(p.Fragments), nil
	case len(p.Fragments) == n:
		return p.Fragments[i], nil
	case len(p.Offsets) != n:
		return nil, fmt.Errorf("%w: %d fragments for %d frames and no offset table", cxr.ErrUnsupported, len(p.Fragments), n)
	}
	begin, end := p.Offsets[i], ^uint64(0)
	if i+1 < n {
		end = p.Offsets[i+1]
	}
	var parts [][]byte
	for k, at := range p.starts {
		if begin <= at && at < end {
			parts = append(parts, p.Fragments[k])
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%w: offset table points beside frame %d", cxr.ErrCorrupt, i+1)
	}
	return join(parts), nil
}

func join(parts [][]byte) []byte {
	if len(parts) == 1 {
		return parts[0]
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	whole := make([]byte, 0, size)
	for _, p := range parts {
		whole = append(whole, p...)
	}
	return whole
}
