package jpegbits

// fastBits is how many bits are looked at together for a code and the bits that
// follow it. Nearly all differences of films take no more.
const fastBits = 12

// Differences reads what lossless JPEG codes: the size of a difference by a
// Huffman table, then its bits (T.81 H.1.2.2).
type Differences struct {
	table *Table
	fast  [1 << fastBits]uint32 // difference<<16 | bits in all; 0: more bits, or no code
}

// NewDifferences prepares a table.
func NewDifferences(t *Table) *Differences {
	d := &Differences{table: t}
	for pattern := range uint32(1 << fastBits) {
		e := t.lookup[pattern>>(fastBits-lookupBits)]
		length, size := uint(e>>8), uint(e&0xFF)
		if e == 0 || length+size > fastBits {
			continue
		}
		v := int32(pattern >> (fastBits - length - size) & (1<<size - 1))
		if size > 0 && v < 1<<(size-1) {
			v += -1<<size + 1
		}
		d.fast[pattern] = uint32(uint16(v))<<16 | uint32(length+size)
	}
	return d
}

// Next reads one difference, modulo 2^16. ok is false for a code that is not in
// the table.
func (r *Reader) Next(d *Differences) (v uint16, ok bool) {
	size := r.Symbol(d.table)
	if uint(size) > 15 {
		return 1 << 15, size == 16
	}
	return uint16(r.Extended(uint(size))), true
}

// Sums sets each value of row to p plus all differences up to its own.
func (r *Reader) Sums(row []uint16, p uint16, d *Differences) (ok bool) {
	acc, n := r.acc, r.n
	for i := range row {
		if n < fastBits {
			r.acc, r.n = acc, n
			r.fill()
			acc, n = r.acc, r.n
		}
		e := d.fast[acc>>((n-fastBits)&63)&(1<<fastBits-1)]
		if e == 0 {
			r.acc, r.n = acc, n
			v, ok := r.Next(d)
			if !ok {
				return false
			}
			acc, n = r.acc, r.n
			p += v
			row[i] = p
			continue
		}
		n -= uint(e & 0xFF)
		p += uint16(e >> 16)
		row[i] = p
	}
	r.acc, r.n = acc, n
	return true
}

// Coefficients reads what sequential JPEG codes of a block behind its first
// coefficient: runs of zeros and the numbers between them (T.81 F.2.2.2).
type Coefficients struct {
	table *Table
	fast  [1 << fastBits]uint32 // number<<16 | zeros before it<<8 | bits in all; 0: more bits, no number, or no code
}

// NewCoefficients prepares a table.
func NewCoefficients(t *Table) *Coefficients {
	c := &Coefficients{table: t}
	for pattern := range uint32(1 << fastBits) {
		e := t.lookup[pattern>>(fastBits-lookupBits)]
		length, run, size := uint(e>>8), uint32(e>>4&15), uint(e&15)
		if e == 0 || size == 0 || length+size > fastBits {
			continue
		}
		v := int32(pattern >> (fastBits - length - size) & (1<<size - 1))
		if v < 1<<(size-1) {
			v += -1<<size + 1
		}
		c.fast[pattern] = uint32(uint16(v))<<16 | run<<8 | uint32(length+size)
	}
	return c
}

// What [Reader.Block] may find.
const (
	BlockFlat    = iota // no coefficient behind the first
	BlockFull           // some
	BlockNoCode         // a code that is not in the table
	BlockTooLong        // a run past the end of the block
)

// Block adds the coefficients 1..63 of a block, each times its quantization, at
// the places that order gives.
func (r *Reader) Block(c *[64]int32, t *Coefficients, quantization *[64]uint16, order *[64]uint8) (found int) {
	acc, n := r.acc, r.n
	for k := 1; k < 64; k++ {
		if n < fastBits {
			r.acc, r.n = acc, n
			r.fill()
			acc, n = r.acc, r.n
		}
		if e := t.fast[acc>>((n-fastBits)&63)&(1<<fastBits-1)]; e != 0 {
			n -= uint(e & 0xFF)
			if k += int(e >> 8 & 15); k > 63 {
				return BlockTooLong
			}
			c[order[k]&63] = int32(int16(e>>16)) * int32(quantization[k])
			found = BlockFull
			continue
		}
		r.acc, r.n = acc, n
		s := r.Symbol(t.table)
		if s < 0 {
			return BlockNoCode
		}
		run, size := s>>4, uint(s&15)
		if size == 0 {
			acc, n = r.acc, r.n
			if run != 15 {
				break
			}
			k += 15
			continue
		}
		if k += run; k > 63 {
			return BlockTooLong
		}
		c[order[k]&63] = r.Extended(size) * int32(quantization[k])
		found = BlockFull
		acc, n = r.acc, r.n
	}
	r.acc, r.n = acc, n
	return found
}
