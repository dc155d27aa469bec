package j2k

import (
	"encoding/binary"
	"math/bits"
)

// The bit streams of a high-throughput code-block (ISO/IEC 15444-15, 7.1). Those
// that many bits are read from are unstuffed as a whole first: then a reader is a
// place in them, and what it reads an unaligned load and a shift.

// slack is how many bytes a reader may look beyond the end of unstuffed bits.
const slack = 32

// A bitString is unstuffed bits, first bit lowest, with slack behind them.
type bitString struct {
	bytes []byte
	end   int // in bits, before the slack
}

// at is 57 bits and more from the bit at pos, which must not be beyond the slack.
func (s *bitString) at(pos int) uint64 {
	return binary.LittleEndian.Uint64(s.bytes[pos>>3:]) >> (pos & 7)
}

// A packer appends bits to a bitString.
type packer struct {
	acc uint64
	n   uint
	at  int
}

func (p *packer) put(out []byte, v uint64, n uint) {
	p.acc |= v << p.n
	if p.n += n; p.n >= 32 {
		binary.LittleEndian.PutUint32(out[p.at:], uint32(p.acc))
		p.at += 4
		p.acc >>= 32
		p.n -= 32
	}
}

// finish fills up with the bits of fill, 0 or all ones.
func (s *bitString) finish(p *packer, fill byte) {
	s.end = 8*p.at + int(p.n)
	tail := s.bytes[p.at:][:8+slack]
	for i := range tail {
		tail[i] = fill
	}
	low := uint64(1)<<p.n - 1
	binary.LittleEndian.PutUint64(tail, binary.LittleEndian.Uint64(tail)&^low|p.acc&low)
}

// room makes place for n bytes.
func (s *bitString) room(n int) {
	if n += 16 + slack; cap(s.bytes) < n {
		s.bytes = make([]byte, n+n/2)
	}
	s.bytes = s.bytes[:n]
}

// forward takes src from its start: after a byte 0xFF the next has seven bits.
// What is read beyond is fill.
func (s *bitString) forward(src []byte, fill byte) {
	s.room(len(src))
	var p packer
	stuffed := false
	for len(src) > 0 {
		if len(src) >= 4 && !stuffed {
			v := binary.LittleEndian.Uint32(src)
			if inverse := ^v; (inverse-0x01010101)&v&0x80808080 == 0 { // no byte is 0xFF
				p.put(s.bytes, uint64(v), 32)
				src = src[4:]
				continue
			}
		}
		b := src[0]
		src = src[1:]
		if stuffed {
			p.put(s.bytes, uint64(b&0x7F), 7)
		} else {
			p.put(s.bytes, uint64(b), 8)
		}
		stuffed = b == 0xFF
	}
	s.finish(&p, fill)
}

// backward takes src from its end: a byte whose low seven bits are ones has no
// more than those if the byte before it was above 0x8F, as which what comes
// before src counts. Of the first byte, only high bits belong to it if partial
// says so. What is read beyond is zeros.
func (s *bitString) backward(src []byte, partial bool) {
	s.room(len(src))
	var p packer
	above := true
	if n := len(src); partial && n > 0 {
		b := src[n-1]
		src = src[:n-1]
		n := uint(4)
		if b>>4&7 == 7 {
			n = 3
		}
		p.put(s.bytes, uint64(b>>4)&(1<<n-1), n)
		above = b|0xF > 0x8F
	}
	for i := len(src) - 1; i >= 0; i-- {
		if i >= 3 {
			v := binary.LittleEndian.Uint32(src[i-3:])
			if (v&0x7F7F7F7F+0x01010101)&0x80808080 == 0 { // no byte could be a stuffed one
				p.put(s.bytes, uint64(bits.ReverseBytes32(v)), 32)
				above = byte(v) > 0x8F
				i -= 3
				continue
			}
		}
		b := src[i]
		if above && b&0x7F == 0x7F {
			p.put(s.bytes, 0x7F, 7)
		} else {
			p.put(s.bytes, uint64(b), 8)
		}
		above = b > 0x8F
	}
	s.finish(&p, 0)
}

// A melDecoder decodes the adaptive run-length code that tells which quads are
// empty (7.3.3).
type melDecoder struct {
	src   []byte
	acc   uint32 // last bits read, lowest last
	n     uint   // not used yet
	state int
	run   int  // events of zero to come
	one   bool // and one of one after them
}

// melExponents are the lengths of runs, by state (table 3).
var melExponents = [13]uint8{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5}

func (m *melDecoder) bit() int {
	if m.n == 0 {
		b := byte(0xFF)
		if len(m.src) > 0 {
			b = m.src[0]
			if m.src = m.src[1:]; len(m.src) == 0 {
				b |= 0xF // the last one is shared with the other end
			}
		}
		m.n = 8
		if m.acc == 0xFF {
			m.n = 7
		}
		m.acc = uint32(b)
	}
	m.n--
	return int(m.acc>>m.n) & 1
}

// event is the next symbol.
func (m *melDecoder) event() bool {
	if m.run == 0 && !m.one {
		e := melExponents[m.state]
		if m.bit() == 1 {
			m.run = 1 << e
			m.state = min(m.state+1, len(melExponents)-1)
		} else {
			for range e {
				m.run = m.run<<1 | m.bit()
			}
			m.state = max(m.state-1, 0)
			m.one = true
		}
	}
	if m.run > 0 {
		m.run--
		return false
	}
	m.one = false
	return true
}
