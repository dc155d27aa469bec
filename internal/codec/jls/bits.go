package jls

import (
	"encoding/binary"
	"math/bits"
)

// A bitReader reads entropy-coded bits: after a byte 0xFF only seven bits
// follow (T.87 A.1). At a marker or the end of the data it goes on with zero
// bits and remembers that they were missing.
type bitReader struct {
	src     []byte
	pos     int
	acc     uint64
	n       uint // bits in acc, the lowest ones
	missing uint // of those, bits that are not in src
	after   bool // the byte before pos was 0xFF
}

func (r *bitReader) overrun() bool { return r.n < r.missing }

func (r *bitReader) fill() {
	if !r.after && r.pos+8 <= len(r.src) {
		v := binary.BigEndian.Uint64(r.src[r.pos:])
		if inverse := ^v; (inverse-0x0101010101010101)&v&0x8080808080808080 == 0 { // no byte is 0xFF
			bytes := (64 - r.n) / 8
			r.acc = r.acc<<(8*bytes) | v>>(64-8*bytes)
			r.n += 8 * bytes
			r.pos += int(bytes)
			return
		}
	}
	for r.n <= 56 {
		if r.pos >= len(r.src) || r.after && r.src[r.pos] >= 0x80 {
			r.acc <<= 8
			r.n, r.missing = r.n+8, r.missing+8
			continue
		}
		b := r.src[r.pos]
		r.pos++
		width := uint(8)
		if r.after {
			width = 7
		}
		r.acc = r.acc<<width | uint64(b)
		r.n += width
		r.after = b == 0xFF
	}
}

// read reads n bits, at most 32.
func (r *bitReader) read(n uint) int32 {
	if r.n < n {
		r.fill()
	}
	r.n -= n
	return int32(r.acc >> r.n & (1<<n - 1))
}

// zeros counts the zero bits before the next one bit, and reads both; -1 for
// more than the limit.
func (r *bitReader) zeros(limit int) int {
	count := 0
	for {
		if r.n < 32 {
			r.fill()
		}
		z := uint(bits.LeadingZeros64(r.acc << (64 - r.n)))
		if z < r.n {
			r.n -= z + 1
			return count + int(z)
		}
		if count += int(r.n); count > limit {
			return -1
		}
		r.n = 0
		if r.pos >= len(r.src) || r.after && r.src[r.pos] >= 0x80 {
			return -1
		}
	}
}

// golomb reads a limited-length Golomb code of parameter k (T.87 A.5.3); -1 for
// a code that no encoder writes.
func (r *bitReader) golomb(k uint, limit, escape int) int32 {
	z := r.zeros(limit)
	switch {
	case z < 0:
		return -1
	case z < limit-escape-1:
		return int32(z)<<k | r.read(k)
	}
	return r.read(uint(escape)) + 1
}
