package graypng

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
// then the bytes.
type filter struct {
	bytes     int // of a pixel: 1 or 2
	cur, prev []byte
	out       [filters][]byte // only filterUp unless files are to be small
}

// size is the length of a filtered row.
func (f *filter) size() int { return len(f.out[filterUp]) }

func (f *filter) reset(width, depth int) {
	f.bytes = depth / 8
	f.out[filterUp] = resized(f.out[filterUp], 1+width*f.bytes)
	f.out[filterUp][0] = filterUp
}

func resized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// up is row less the row above it (nil: zeros), byte by byte. Vertical
// neighbors of a radiograph are so alike that it is nearly always the best or
// next to it. The result is valid until the next call.
func (f *filter) up(row, above []uint16) []byte {
	out := f.out[filterUp]
	d := out[1:]
	switch {
	case above == nil:
		serialize(d, row, f.bytes)
	case f.bytes == 1:
		d, above = d[:len(row)], above[:len(row)]
		for i, v := range row {
			d[i] = byte(v - above[i])
		}
	default:
		above = above[:len(row)]
		for i, v := range row {
			if len(d) < 2 {
				break // never; lets the compiler drop the bounds checks
			}
			u := above[i]
			d[0], d[1] = byte(v>>8)-byte(u>>8), byte(v)-byte(u)
			d = d[2:]
		}
	}
	return out
}

// best is the row under the filter whose bytes, as signed numbers, have the
// least sum of magnitudes (PNG 12.7). The result is valid until the next call.
func (f *filter) best(row, above []uint16) []byte {
	n := 1 + len(row)*f.bytes
	f.cur, f.prev = resized(f.cur, n-1), resized(f.prev, n-1)
	serialize(f.cur, row, f.bytes)
	if above == nil {
		clear(f.prev)
	} else {
		serialize(f.prev, above, f.bytes)
	}
	for t := range f.out {
		f.out[t] = resized(f.out[t], n)
		f.out[t][0] = byte(t)
	}
	f.fill(f.cur, f.prev)
	least, leastSum := 0, magnitude(f.out[0])
	for t := 1; t < filters; t++ {
		if sum := magnitude(f.out[t]); sum < leastSum {
			least, leastSum = t, sum
		}
	}
	return f.out[least]
}

// fill computes every filter of cur, b being the byte above, a the one to the
// left and c the one above that (PNG 9.2).
func (f *filter) fill(cur, prev []byte) {
	none, sub, up := f.out[filterNone][1:], f.out[filterSub][1:], f.out[filterUp][1:]
	average, paeth := f.out[filterAverage][1:], f.out[filterPaeth][1:]
	copy(none, cur)
	for i, x := range cur {
		var a, c byte
		if i >= f.bytes {
			a, c = cur[i-f.bytes], prev[i-f.bytes]
		}
		b := prev[i]
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

func magnitude(line []byte) (sum int) {
	for _, b := range line[1:] {
		sum += abs(int(int8(b)))
	}
	return sum
}

// serialize writes row to dst, big endian.
func serialize(dst []byte, row []uint16, bytes int) {
	if bytes == 1 {
		for i, v := range row {
			dst[i] = byte(v)
		}
		return
	}
	for i, v := range row {
		dst[2*i], dst[2*i+1] = byte(v>>8), byte(v)
	}
}
