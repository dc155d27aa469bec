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

// head reads tag, value representation and length of the next element.
func (c *cursor) head() (head, error) {
	h := head{at: c.pos}
	if c.rest() < 8 {
		return h, fmt.Errorf("%w: data element at byte %d has %d bytes of 8", cxr.ErrTruncated, c.pos, c.rest())
	}
	if *c.walked++; *c.walked > c.maxWalked {
		return h, fmt.Errorf("%w: more than %d elements", cxr.ErrTooLarge, c.maxWalked)
	}
	group := c.uint16()
	h.tag = Tag(group)<<16 | Tag(c.uint16())
	form := implicitForm
	if group != 0xfffe && !c.implicit {
		h.vr, form = c.form(h.tag)
	}
	switch form {
	case shortForm:
		c.pos += 2
		h.length = uint32(c.uint16())
	case longForm:
		if c.rest() < 8 {
			return h, fmt.Errorf("%w: %v has no length", cxr.ErrTruncated, h)
		}
		c.pos += 4
		h.length = c.uint32()
	default:
		h.length = c.uint32()
	}
	return h, nil
}

// String says which element it is and where. A tag that this package does not
// know is left out: where a file is damaged or no DICOM file, it can be
// anything that the file holds.
func (h head) String() string {
	if _, ok := attributes[h.tag]; ok || h.tag>>16 == 0xfffe || h.tag == TagPixelData || h.tag>>16 == 2 && h.tag&0xffff <= 0x0102 {
		return fmt.Sprintf("element %v at byte %d", h.tag, h.at)
	}
	return fmt.Sprintf("data element at byte %d", h.at)
}

// value takes the h.length bytes that follow.
func (c *cursor) value(h head) ([]byte, error) {
	if int64(h.length) > int64(c.rest()) {
		return nil, fmt.Errorf("%w: %v claims more than the %d bytes that are left", cxr.ErrTruncated, h, c.rest())
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
	c.implicit = c.implicitWithin(h)
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
		case e.tag == tagItemEnd: // stray: writers put one behind items of defined length too
		case e.tag == tagSequenceEnd: // of the sequence, whose item has no delimiter
			stack = stack[:len(stack)-1]
			c.implicit = stack[len(stack)-1].implicit
			stack = stack[:len(stack)-1]
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
			c.implicit = c.implicitWithin(e)
		}
	}
	c.implicit = outer
	return c.b[start:c.pos], nil
}

// String is "(gggg,eeee)".
func (t Tag) String() string { return fmt.Sprintf("(%04x,%04x)", uint32(t>>16), uint32(t&0xffff)) }
