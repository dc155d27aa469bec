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
