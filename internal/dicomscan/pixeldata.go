package dicomscan

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// pixelData reads the value of the pixel data element h.
func (f *File) pixelData(c *cursor, h head, headerOnly bool) error {
	p := &f.PixelData
	p.Tag, p.Words = h.tag, h.vr == "OW" || h.vr == ""
	p.Length = int64(h.length)
	if headerOnly && c.rest() < 4 && h.length > 0 {
		return fmt.Errorf("%w: no pixel data after byte %d", cxr.ErrTruncated, c.pos)
	}
	items := c.rest() >= 4 && c.peek() == tagItem
	switch {
	case h.length == undefinedLength && !items && (c.rest() < 4 || c.peek() != tagSequenceEnd) && nativeSyntax(f.TransferSyntax):
		return fmt.Errorf("%w: native pixel data at byte %d of undefined length, which only encapsulated pixel data may have (PS3.5 A.4)", cxr.ErrCorrupt, h.at)
	case h.length == undefinedLength:
		p.Encapsulated = true
		if !headerOnly {
			return p.fragments(c, true)
		}
		f.Stream = c.stream(c.rest())
		return nil
	case items && !nativeSyntax(f.TransferSyntax): // encapsulated, its length told against PS3.5 A.4
		p.Encapsulated = true
		if headerOnly {
			f.Stream = c.stream(min(int(min(h.length, 1<<30)), c.rest()))
			return nil
		}
		v, err := c.value(h)
		if err != nil {
			return err
		}
		in := *c
		in.b, in.pos = v, 0
		return p.fragments(&in, false)
	case headerOnly:
		return nil
	}
	v, err := c.value(h)
	p.Native = v
	return err
}

// peek is the tag at the cursor, which must have four bytes left.
func (c *cursor) peek() Tag {
	at := *c
	group := at.uint16()
	return Tag(group)<<16 | Tag(at.uint16())
}

// stream is the beginning of the first fragment in the next n bytes, as much of
// it as there is.
func (c *cursor) stream(n int) []byte {
	in := *c
	in.b = c.b[:c.pos+n]
	for i := 0; in.rest() >= 8; i++ {
		if in.peek() != tagItem {
			return nil
		}
		in.pos += 4
		length := int64(in.uint32())
		if i == 1 { // behind the offset table
			return in.b[in.pos:][:min(length, int64(in.rest()))]
		}
		if length > int64(in.rest()) {
			return nil
		}
		in.pos += int(length)
	}
	return nil
}

// fragments reads encapsulated pixel data (PS3.5 A.4): an item with the Basic
// Offset Table, often empty, then the fragments, then a delimiter, which may be
// missing only where the length of all is known.
func (p *PixelData) fragments(c *cursor, delimited bool) error {
	table, first := false, 0
	for {
		if !delimited && c.rest() < 8 {
			return nil
		}
		h, err := c.head()
		if err != nil {
			return err
		}
		switch {
		case h.tag == tagSequenceEnd:
			return nil
		case h.tag == tagItemEnd && h.length == 0: // stray
			continue
		case h.tag != tagItem || h.length == undefinedLength:
			return fmt.Errorf("%w: another element at byte %d where a fragment was due", cxr.ErrCorrupt, h.at)
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
