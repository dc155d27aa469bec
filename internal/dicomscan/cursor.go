package dicomscan

import (
	"encoding/binary"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A cursor reads data elements of one encoding from b.
type cursor struct {
	b             []byte
	pos           int
	big, implicit bool
	walked        *int // elements met so far, against maxWalked
	maxWalked     int
	maxDepth      int
}

// A head is what stands before a value.
type head struct {
	tag    Tag
	vr     string // "" where the encoding has none
	length uint32
	at     int // where the element begins
}

func (c *cursor) rest() int { return len(c.b) - c.pos }

func (c *cursor) order() binary.ByteOrder {
	if c.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (c *cursor) uint16() uint16 {
	c.pos += 2
	return c.order().Uint16(c.b[c.pos-2:])
}

func (c *cursor) uint32() uint32 {
	c.pos += 4
	return c.order().Uint32(c.b[c.pos-4:])
}

// isVR reports whether b begins as a value representation does.
func isVR(b []byte) bool {
	return 'A' <= b[0] && b[0] <= 'Z' && 'A' <= b[1] && b[1] <= 'Z'
}

// longVR reports the value representations with a 32-bit length (PS3.5 7.1.2).
func longVR(vr string) bool {
	switch vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		return true
	}
	return false
}

// head reads tag, value representation and length of the next element.
func (c *cursor) head() (head, error) {
	h := head{at: c.pos}
	if c.rest() < 8 {
		return h, fmt.Errorf("%w: element at byte %d has %d bytes of 8", cxr.ErrTruncated, c.pos, c.rest())
	}
	if *c.walked++; *c.walked > c.maxWalked {
		return h, fmt.Errorf("%w: more than %d elements", cxr.ErrTooLarge, c.maxWalked)
	}
	group := c.uint16()
	h.tag = Tag(group)<<16 | Tag(c.uint16())
	switch {
	case group == 0xfffe, c.implicit, !isVR(c.b[c.pos:]): // the last: implicit elements under an explicit syntax
		h.length = c.uint32()
	default:
		h.vr = string(c.b[c.pos : c.pos+2])
		c.pos += 2
		if !longVR(h.vr) {
			h.length = uint32(c.uint16())
			break
		}
		if c.rest() < 6 {
			return h, fmt.Errorf("%w: element %v at byte %d has no length", cxr.ErrTruncated, h.tag, h.at)
		}
		c.pos += 2
		h.length = c.uint32()
	}
	return h, nil
}

// value takes the h.length bytes that follow.
func (c *cursor) value(h head) ([]byte, error) {
	if int64(h.length) > int64(c.rest()) {
		return nil, fmt.Errorf("%w: element %v at byte %d claims %d bytes, %d are left", cxr.ErrTruncated, h.tag, h.at, h.length, c.rest())
	}
	v := c.b[c.pos : c.pos+int(h.length)]
	c.pos += int(h.length)
	return v, nil
}

// undefined takes the value of a sequence of undefined length, up to and with
// its delimiter. It walks over nested sequences without recursion.
func (c *cursor) undefined(h head) ([]byte, error) {
	type level struct {
		end      Tag
		implicit bool // of the level above
	}
	start, outer := c.pos, c.implicit
	stack := []level{{tagSequenceEnd, outer}}
	c.implicit = outer || h.vr == "UN" // PS3.5 6.2.2, note 2
	for len(stack) > 0 {
		e, err := c.head()
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch {
		case e.tag == top.end:
			c.implicit = top.implicit
			stack = stack[:len(stack)-1]
		case e.tag == tagItemEnd, e.tag == tagSequenceEnd:
			return nil, fmt.Errorf("%w: stray delimiter %v at byte %d", cxr.ErrCorrupt, e.tag, e.at)
		case e.length != undefinedLength:
			if _, err := c.value(e); err != nil {
				return nil, err
			}
		case len(stack) >= c.maxDepth:
			return nil, fmt.Errorf("%w: sequences nested deeper than %d at byte %d", cxr.ErrTooLarge, c.maxDepth, e.at)
		default:
			end := tagSequenceEnd
			if e.tag == tagItem {
				end = tagItemEnd
			}
			stack = append(stack, level{end, c.implicit})
			c.implicit = c.implicit || e.vr == "UN"
		}
	}
	c.implicit = outer
	return c.b[start:c.pos], nil
}

// String is "(gggg,eeee)".
func (t Tag) String() string { return fmt.Sprintf("(%04x,%04x)", uint32(t>>16), uint32(t&0xffff)) }
