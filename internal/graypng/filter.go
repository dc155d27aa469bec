package graypng

import "math"

// Filter types of a PNG row (PNG 9.2).
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
	filters
)

// A filter turns rows of pixels into filtered PNG rows: the filter's type,
// then as many bytes as the pixels have.
type filter struct {
	depth     int // bytes of a pixel: 1 or 2
	cur, prev []byte
	tries     [filters][]byte
}

func (f *filter) reset(width, depth int) {
	f.depth = depth / 8
	n := width * f.depth
	f.cur, f.prev = resized(f.cur, n), resized(f.prev, n)
	for t := range f.tries {
		f.tries[t] = resized(f.tries[t], 1+n)
		f.tries[t][0] = byte(t)
	}
}

func resized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// appendUp appends row less the row above it (nil: zeros), byte by byte.
// Vertical neighbors of a radiograph are so alike that this is nearly always
// the best filter or next to it.
func (f *filter) appendUp(b []byte, row, above []uint16) []byte {
	if above == nil {
		f.serialize(f.cur, row)
		return append(append(b, filterUp), f.cur...)
	}
	b = append(b, filterUp)
	above = above[:len(row)]
	if f.depth == 1 {
		for i, v := range row {
			b = append(b, byte(v-above[i]))
		}
		return b
	}
	for i, v := range row {
		u := above[i]
		b = append(b, byte(v>>8)-byte(u>>8), byte(v)-byte(u))
	}
	return b
}

// appendBest appends row under the filter whose bytes have the least entropy.
// The usual guess, the least sum of magnitudes (PNG 12.7), is worse than Up
// alone on 16-bit films, whose low bytes are noise.
func (f *filter) appendBest(b []byte, row, above []uint16) []byte {
	f.serialize(f.cur, row)
	clear(f.prev)
	if above != nil {
		f.serialize(f.prev, above)
	}
	f.fill()
	least, leastBits := 0, entropy(f.tries[0])
	for t := 1; t < filters; t++ {
		if n := entropy(f.tries[t]); n < leastBits {
			least, leastBits = t, n
		}
	}
	return append(b, f.tries[least]...)
}

// fill tries every filter on cur. In the names of PNG 9.2, b is the byte above,
// a the one to the left, c the one left of b.
func (f *filter) fill() {
	none, sub, up := f.tries[filterNone][1:], f.tries[filterSub][1:], f.tries[filterUp][1:]
	average, paeth := f.tries[filterAverage][1:], f.tries[filterPaeth][1:]
	copy(none, f.cur)
	for i, x := range f.cur {
		var a, c byte
		if i >= f.depth {
			a, c = f.cur[i-f.depth], f.prev[i-f.depth]
		}
		b := f.prev[i]
		sub[i] = x - a
		up[i] = x - b
		average[i] = x - byte((int(a)+int(b))/2)
		paeth[i] = x - paethPredictor(int(a), int(b), int(c))
	}
}

// paethPredictor is whichever of a, b, c is nearest to a+b-c, in that order
// (PNG 9.4).
func paethPredictor(a, b, c int) byte {
	pa, pb, pc := abs(b-c), abs(a-c), abs(a+b-2*c)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

// entropy grows with the bits that an ideal code of the line's bytes takes. It
// sums integers, so that the order of the counts cannot tip a tie.
func entropy(line []byte) (n int64) {
	var count [256]int
	for _, v := range line[1:] {
		count[v]++
	}
	for _, c := range count {
		if c > 1 {
			n -= int64(math.Round(256 * float64(c) * math.Log2(float64(c))))
		}
	}
	return n
}

// serialize writes row to dst, big endian.
func (f *filter) serialize(dst []byte, row []uint16) {
	if f.depth == 1 {
		for i, v := range row {
			dst[i] = byte(v)
		}
		return
	}
	for i, v := range row {
		dst[2*i], dst[2*i+1] = byte(v>>8), byte(v)
	}
}
