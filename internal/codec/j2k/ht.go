package j2k

import (
	"encoding/binary"
	"math/bits"
)

// An htDecoder decodes the coefficients of high-throughput code-blocks (ISO/IEC
// 15444-15, clause 7). It is reused from block to block.
//
// A cleanup pass codes quads of 2 x 2 samples, row by row: which of a quad's
// samples are significant and how many bits they take, by variable-length codes
// read from the end of the segment; the bits themselves from its start. A row's
// codes are read first, then its bits.
type htDecoder struct {
	w, h, across int     // samples, and quads in a row
	data         []int32 // where out is none of a caller's
	out          []int32 // row-major; magnitudes, signed, with one fraction bit unless half is 1
	outStride    int     // samples
	half         uint
	codes, value bitString
	mel          melDecoder
	quads        []uint32 // of a row: entry of the code table | bits of a sample<<16
	// exponents are the bits that the lower samples of the row of quads above
	// take, by column, behind one of border; 0 is a sample that is zero.
	exponents []uint8
	refined   htRefiner
	joined    [2][]byte
}

// Entries of a code table: length of the codeword in bits 0 to 2, bit 3 if an
// exponent offset follows, significance in bits 4 to 7, given exponent bits in 8
// to 11, known ones in 12 to 15. By context<<7 | the next seven bits.
var firstCodes, otherCodes = codeTable(firstRowCodes), codeTable(otherRowCodes)

func codeTable(rows []uint32) *[1 << 10]uint16 {
	var t [1 << 10]uint16
	for _, r := range rows {
		length := r & 15
		entry := uint16(length | r>>20&1<<3 | r>>24&15<<4 | r>>12&15<<8 | r>>16&15<<12)
		for k := r >> 4 & 0xFF; k < 1<<7; k += 1 << length {
			t[r>>28<<7|k] = entry
		}
	}
	return &t
}

// Entries of the table of exponent offsets, of two quads together (7.3.6):
// length of the prefixes in bits 0 to 3, of the suffixes in 4 to 7 and 8 to 11,
// and what is to be added to those in 12 to 15 and 16 to 19. By which quads have
// an offset<<6 | the next six bits; mode 3 is of both in the first row of quads,
// 4 if moreover both are above 2, 5 of both in other rows.
var offsets = offsetTable()

func offsetTable() *[6 << 6]uint32 {
	var t [6 << 6]uint32
	prefix := func(v uint32) (length, suffix, base uint32) { // table 4
		switch {
		case v&1 == 1:
			return 1, 0, 1
		case v&2 == 2:
			return 2, 0, 2
		case v&4 == 4:
			return 3, 1, 3
		}
		return 3, 5, 5
	}
	for mode := range uint32(6) {
		for v := range uint32(1 << 6) {
			var length, suffix, base [2]uint32
			rest := v
			for i := range 2 {
				if mode < 3 && mode>>i&1 == 0 {
					continue
				}
				if mode == 3 && i == 1 && length[0] == 3 { // the second is then 1 or 2
					length[1], base[1] = 1, rest&1+1
					break
				}
				length[i], suffix[i], base[i] = prefix(rest)
				rest >>= length[i]
				if mode == 4 {
					base[i] += 2
				}
			}
			t[mode<<6|v] = length[0] + length[1] | suffix[0]<<4 | suffix[1]<<8 | base[0]<<12 | base[1]<<16
		}
	}
	return &t
}

// decode decodes a block into d.out. planes is its number of magnitude bit-planes
// down to that of the cleanup pass, missing that of those above. If plane is not
// nil and the block can be decoded without a detour, that is its place in plane,
// whose rows are stride apart, without the fraction bit.
func (d *htDecoder) decode(b *codeBlock, planes, missing, style int, plane []int32, stride int) (direct bool, err error) {
	d.w, d.h = b.area.width(), b.area.height()
	d.across = (d.w + 1) / 2
	direct = plane != nil && d.w&1 == 0 && d.h&1 == 0 && len(b.segments) == 1
	if d.out, d.outStride, d.half = plane, stride, 1; !direct {
		d.outStride, d.half = 2*d.across, 0
		if n := d.outStride * ((d.h + 1) &^ 1); cap(d.data) < n {
			d.data = make([]int32, n)
		}
		d.out = d.data[:d.outStride*((d.h+1)&^1)]
	}
	return direct, d.passes(b, planes, missing, style)
}

// passes decodes all passes of a block.
func (d *htDecoder) passes(b *codeBlock, planes, missing, style int) error {
	if planes < 1 || planes+missing > 30 {
		return corrupt("%d bit-planes, %d of them empty", planes+missing, missing)
	}
	src := d.join(b.segments[0].chunks, 0)
	n := len(src)
	if n < 2 {
		return corrupt("cleanup pass of %d bytes", n)
	}
	suffix := int(src[n-1])<<4 | int(src[n-2]&15)
	if suffix < 2 || suffix > n || suffix > 4079 {
		return corrupt("cleanup pass of %d bytes with a suffix of %d", n, suffix)
	}
	d.value.forward(src[:n-suffix], 0xFF)
	d.codes.backward(src[n-suffix:n-1], true)
	d.mel = melDecoder{src: src[n-suffix : n-1]}
	if err := d.cleanup(planes, missing+2); err != nil {
		return err
	}
	if len(b.segments) > 1 && planes > 1 {
		d.refined.refine(d, d.join(b.segments[1].chunks, 1), b.segments[1].passes, planes, style&styleCausal != 0)
	}
	return nil
}

func (d *htDecoder) join(chunks [][]byte, i int) []byte {
	if len(chunks) == 1 {
		return chunks[0]
	}
	d.joined[i] = d.joined[i][:0]
	for _, c := range chunks {
		d.joined[i] = append(d.joined[i], c...)
	}
	return d.joined[i]
}

// cleanup decodes all rows of quads. No sample takes more than limit bits.
func (d *htDecoder) cleanup(planes, limit int) error {
	across := d.across
	d.quads = resize(d.quads, across+1)
	d.exponents = resize(d.exponents, 2*across+8)
	code, value := 0, 0
	for y := 0; y < d.h; y += 2 {
		var most uint32
		if y == 0 {
			code, most = d.firstRow(code)
		} else {
			code, most = d.otherRow(code)
		}
		if int(most) > limit {
			return corrupt("samples of %d bits, with %d planes above", most, limit-2)
		}
		value = d.values(y, value, uint(planes-1))
		// Samples beside the block are of no quad.
		outside := uint32(0)
		if y+1 == d.h {
			for _, q := range d.quads[:across] {
				outside |= q & 0xA0
			}
		}
		if d.w&1 == 1 {
			outside |= d.quads[across-1] & 0xC0
		}
		if outside != 0 {
			return corrupt("significant samples outside of the code-block")
		}
	}
	return nil
}

// firstRow reads the codes of the first row of quads.
func (d *htDecoder) firstRow(pos int) (int, uint32) {
	context, most := uint32(0), uint32(0)
	quads := d.quads
	for q := 0; q+1 < len(quads); q += 2 {
		v := d.codes.at(min(pos, d.codes.end))
		first := uint32(firstCodes[context<<7|uint32(v&127)])
		if context == 0 && !d.mel.event() {
			first = 0
		}
		used := first & 7
		context = first>>4&1 | first>>5&7
		second := uint32(0)
		if q+2 < len(quads) {
			second = uint32(firstCodes[context<<7|uint32(v>>used&127)])
			if context == 0 && !d.mel.event() {
				second = 0
			}
			used += second & 7
			context = second>>4&1 | second>>5&7
		}
		mode := first>>3&1 | second>>2&2
		if mode == 3 && d.mel.event() {
			mode = 4
		}
		u0, u1, n := offset(v>>(used&63), mode)
		pos = min(pos, d.codes.end) + int(used) + n
		u0, u1 = u0+1, u1+1
		most = max(most, u0, u1)
		quads[q] = first | u0<<16
		quads[q+1] = second | u1<<16
	}
	return pos, most
}

// offset is the exponent offsets of two quads, and how many bits they took.
func offset(v uint64, mode uint32) (u0, u1 uint32, n int) {
	e := offsets[mode<<6|uint32(v&63)]
	v >>= e & 15
	n0, n1 := e>>4&15, e>>8&15
	u0 = e>>12&15 + uint32(v)&(1<<n0-1)
	u1 = e>>16 + uint32(v>>n0)&(1<<n1-1)
	return u0, u1, int(e&15 + n0 + n1)
}

// otherRow reads the codes of another row of quads, whose contexts and exponents
// hang on the row above.
func (d *htDecoder) otherRow(pos int) (int, uint32) {
	left, most := uint32(0), uint32(0)
	quads, above := d.quads, d.exponents
	b, end := d.codes.bytes, d.codes.end
	for q := 0; q+1 < len(quads); q += 2 {
		pos = min(pos, end)
		v := binary.LittleEndian.Uint64(b[pos>>3:]) >> (pos & 7)
		e := binary.LittleEndian.Uint64(above[2*q:]) // nw, n, ne of the first quad, nf, which is ne of the second, and so on
		west, middle, east := uint32(e&0xFFFF), uint32(e>>16&0xFFFF), uint32(e>>32&0xFFFF)
		context := nonzero(west) | left | nonzero(middle)<<2
		first := uint32(otherCodes[context<<7|uint32(v&127)])
		if context == 0 && !d.mel.event() {
			first = 0
		}
		used := first & 7
		second := uint32(0)
		if q+2 < len(quads) {
			context = nonzero(middle) | nonzero(first&0xC0)<<1 | nonzero(east)<<2
			second = uint32(otherCodes[context<<7|uint32(v>>used&127)])
			if context == 0 && !d.mel.event() {
				second = 0
			}
			used += second & 7
			left = nonzero(second&0xC0) << 1
		}
		mode := first>>3&1 | second>>2&2
		if mode == 3 {
			mode = 5
		}
		u0, u1, n := offset(v>>(used&63), mode)
		pos += int(used) + n
		m := larger(middle)
		u0 += predicted(first, max(larger(west), m))
		u1 += predicted(second, max(m, larger(east)))
		most = max(most, u0, u1)
		quads[q] = first | u0<<16
		quads[q+1] = second | u1<<16
	}
	return pos, most
}

// nonzero is 1 if v, of 16 bits, is not 0.
func nonzero(v uint32) uint32 { return (v + 0xFFFF) >> 16 }

// larger is the larger of the two bytes of v.
func larger(v uint32) uint32 { return max(v&0xFF, v>>8) }

// predicted is the bits that a quad's samples take by those above (7.3.7): 1 if
// it has no two that are significant.
func predicted(entry, above uint32) uint32 {
	s := entry >> 4 & 15
	several := -nonzero(s & (s - 1))
	return max(above&several, 2) - 1
}

// spread has bits 0 to 3 of an index as bytes of 1.
var spread4 = func() (t [16]uint32) {
	for i := range t {
		for k := range 4 {
			t[i] |= uint32(i) >> k & 1 << (8 * k)
		}
	}
	return t
}()

// values reads the samples of the row of quads at line y, and their exponents
// (7.3.8). There is no branch by what a sample is, which nothing could predict: of
// one that is not significant no bits are read, and nothing is kept.
func (d *htDecoder) values(y, pos int, shift uint) int {
	upper, lower := d.out[y*d.outStride:][:2*d.across], d.out[(y+1)*d.outStride:][:2*d.across]
	exponents := d.exponents[1:][:2*d.across]
	quads := d.quads
	b, end, half := d.value.bytes, d.value.end, d.half&31
	shift &= 31
	for q := 0; 2*q+1 < len(upper) && 2*q+1 < len(lower) && 2*q+1 < len(exponents) && q < len(quads); q++ {
		entry := quads[q]
		if entry&0xF0 == 0 {
			upper[2*q], upper[2*q+1], lower[2*q], lower[2*q+1] = 0, 0, 0, 0
			exponents[2*q], exponents[2*q+1] = 0, 0
			continue
		}
		pos = min(pos, end)
		u := entry >> 16
		// Bytes of a word: how many bits each sample takes, and those before it.
		n := (u*0x01010101 - spread4[entry>>12&15]) & (spread4[entry>>4&15] * 0xFF)
		ends := n * 0x01010101
		var v0, v1, v2, v3 uint32
		if w := binary.LittleEndian.Uint64(b[pos>>3:]) >> (pos & 7); u <= 14 { // all from one word
			v0, v1, v2, v3 = uint32(w), uint32(w>>(ends&63)), uint32(w>>(ends>>8&63)), uint32(w>>(ends>>16&63))
		} else {
			p1, p2, p3 := pos+int(ends&0xFF), pos+int(ends>>8&0xFF), pos+int(ends>>16&0xFF)
			v0 = uint32(w)
			v1 = uint32(binary.LittleEndian.Uint64(b[p1>>3:]) >> (p1 & 7))
			v2 = uint32(binary.LittleEndian.Uint64(b[p2>>3:]) >> (p2 & 7))
			v3 = uint32(binary.LittleEndian.Uint64(b[p3>>3:]) >> (p3 & 7))
		}
		pos += int(ends >> 24)
		v0 = v0&(1<<(n&31)-1) | entry>>8&1<<(n&31)
		v1 = v1&(1<<(n>>8&31)-1) | entry>>9&1<<(n>>8&31)
		v2 = v2&(1<<(n>>16&31)-1) | entry>>10&1<<(n>>16&31)
		v3 = v3&(1<<(n>>24&31)-1) | entry>>11&1<<(n>>24&31)
		s1, s3 := -(entry >> 5 & 1), -(entry >> 7 & 1)
		upper[2*q] = coefficient(v0, shift, half) & -int32(entry>>4&1)
		lower[2*q] = coefficient(v1, shift, half) & int32(s1)
		upper[2*q+1] = coefficient(v2, shift, half) & -int32(entry>>6&1)
		lower[2*q+1] = coefficient(v3, shift, half) & int32(s3)
		exponents[2*q] = uint8(bits.Len32(v1|1)) & uint8(s1)
		exponents[2*q+1] = uint8(bits.Len32(v3|1)) & uint8(s3)
	}
	return pos
}

// coefficient is the sample of bits v: the lowest is the sign, the others the
// magnitude, less one.
func coefficient(v uint32, shift, half uint) int32 {
	magnitude, sign := int32((v|1)+2)<<(shift&31)>>(half&31), -int32(v&1)
	return (magnitude ^ sign) - sign
}
