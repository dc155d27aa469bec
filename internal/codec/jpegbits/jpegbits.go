// Package jpegbits reads what the sequential and the lossless JPEG processes
// share: marker segments, Huffman tables and entropy-coded bits (ITU-T T.81,
// annexes B, C and F).
package jpegbits

import (
	"encoding/binary"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Reader reads the bits of one entropy-coded segment. Stuffed zero bytes are
// removed. At a marker or the end of the data it goes on with zero bits and
// remembers that they were missing, so that inner loops need no checks; see
// [Reader.Overrun].
type Reader struct {
	src     []byte
	pos     int
	acc     uint64 // the next bits, left-aligned at bit n
	n       uint   // bits in acc
	missing uint   // of those, zero bits that are not in src
}

// NewReader reads src from its start.
func NewReader(src []byte) *Reader { return &Reader{src: src} }

// Overrun reports whether more bits were read than there were.
func (r *Reader) Overrun() bool { return r.n < r.missing }

func (r *Reader) fill() {
	// Eight bytes at once where none of them is 0xFF: nearly always.
	if r.pos+8 <= len(r.src) {
		v := binary.BigEndian.Uint64(r.src[r.pos:])
		if inverse := ^v; (inverse-0x0101010101010101)&v&0x8080808080808080 == 0 {
			bytes := (64 - r.n) / 8
			r.acc = r.acc<<(8*bytes) | v>>(64-8*bytes)
			r.n += 8 * bytes
			r.pos += int(bytes)
			return
		}
	}
	for r.n <= 56 {
		r.acc <<= 8
		r.n += 8
		if r.pos >= len(r.src) {
			r.missing += 8
			continue
		}
		b := r.src[r.pos]
		if b == 0xFF {
			if r.pos+1 >= len(r.src) || r.src[r.pos+1] != 0 {
				r.missing += 8
				continue
			}
			r.pos++
		}
		r.acc |= uint64(b)
		r.pos++
	}
}

// Bits reads n bits, at most 16.
func (r *Reader) Bits(n uint) uint32 {
	if r.n < n {
		r.fill()
	}
	r.n -= n
	return uint32(r.acc>>r.n) & (1<<n - 1)
}

// Extended reads a number of n bits, at most 15, as EXTEND of T.81 F.2.2.1: the
// lower half of the codes are negative.
func (r *Reader) Extended(n uint) int32 {
	if n == 0 {
		return 0
	}
	v := int32(r.Bits(n))
	if v < 1<<(n-1) {
		v += -1<<n + 1
	}
	return v
}

// Restart drops the bits up to the next byte and steps over a restart marker,
// which must be the given one (0..7).
func (r *Reader) Restart(want int) error {
	if r.Overrun() {
		return fmt.Errorf("%w: entropy-coded data", cxr.ErrTruncated)
	}
	r.acc, r.n, r.missing = 0, 0, 0
	// Bits that were read ahead are before the marker: the reader stops there.
	for r.pos < len(r.src) && (r.src[r.pos] != 0xFF || r.pos+1 < len(r.src) && (r.src[r.pos+1] == 0 || r.src[r.pos+1] == 0xFF)) {
		r.pos++
	}
	if r.pos+1 >= len(r.src) {
		return fmt.Errorf("%w: no restart marker", cxr.ErrTruncated)
	}
	if m := r.src[r.pos+1]; m != byte(0xD0+want) {
		return fmt.Errorf("%w: marker %#x where restart %d belongs", cxr.ErrCorrupt, m, want)
	}
	r.pos += 2
	return nil
}

const lookupBits = 9

// A Table is a Huffman table.
type Table struct {
	lookup [1 << lookupBits]uint16 // length<<8 | symbol of short codes; 0: long or none
	min    [17]int32               // first code of each length
	max    [18]int32               // last code of each length, -1: none
	first  [17]int32               // place of the first symbol of each length
	symbol [256]byte
	Ready  bool
}

// Define makes the table of a DHT segment: the number of codes of each length
// 1..16, and their symbols.
func (t *Table) Define(counts, symbols []byte) error {
	*t = Table{Ready: true}
	copy(t.symbol[:], symbols)
	code, place := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		t.min[length], t.first[length], t.max[length] = code, place, -1
		if code+n > 1<<length {
			return fmt.Errorf("%w: Huffman table with too many codes of %d bits", cxr.ErrCorrupt, length)
		}
		if n > 0 {
			t.max[length] = code + n - 1
		}
		for i := int32(0); i < n && length <= lookupBits; i++ {
			shift := lookupBits - length
			for k := range 1 << shift {
				t.lookup[(code+i)<<shift|int32(k)] = uint16(length)<<8 | uint16(symbols[place+i])
			}
		}
		code, place = (code+n)<<1, place+n
	}
	return nil
}

// Symbol reads one symbol, or -1 for a code that is not in the table.
func (r *Reader) Symbol(t *Table) int {
	if r.n < 16 {
		r.fill()
	}
	if e := t.lookup[r.acc>>(r.n-lookupBits)&(1<<lookupBits-1)]; e != 0 {
		r.n -= uint(e >> 8)
		return int(e & 0xFF)
	}
	for length := uint(lookupBits + 1); length <= 16; length++ {
		code := int32(r.acc>>(r.n-length)) & (1<<length - 1)
		if code <= t.max[length] {
			r.n -= length
			return int(t.symbol[t.first[length]+code-t.min[length]])
		}
	}
	return -1
}
