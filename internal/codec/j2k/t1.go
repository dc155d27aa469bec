package j2k

// A blockDecoder decodes the coefficients of code-blocks (T.800 annex D). It is
// reused from block to block.
//
// Flags of four samples of a stripe column share a word, 16 bits each, so that
// most columns are passed over with one comparison. Each sample's flags hold
// which of its neighbors are significant, and the signs of those beside, above
// and below: they are set when a neighbor becomes significant, which is rare,
// not gathered when a sample is looked at, which is often.
type blockDecoder struct {
	mq      mqDecoder
	raw     rawReader
	causal  bool
	zero    *[256]uint8 // significance context by neighbors
	w, h    int
	stride  int      // words in a row of stripes, with one of border at each side
	flags   []uint64 // with a row of border above and below
	data    []int32  // magnitudes with one fraction bit, signed: four for each word of flags
	list    [maxBlock]uint16
	joining []byte
}

// maxBlock is how many samples a code-block can have.
const maxBlock = 1 << 12

// Flags of a sample.
const (
	flagNW = 1 << iota // significant neighbors
	flagN
	flagNE
	flagW
	flagE
	flagSW
	flagS
	flagSE
	signN // negative neighbors
	signS
	signW
	signE
	significant
	visited
	refined

	neighbors = 0xFF

	bitSignificant = 12
	bitVisited     = 13
	bitRefined     = 14
	lanes          = 0x0001000100010001 // times a flag: that flag in all four samples
)

var (
	zeroContexts = makeZeroContexts()
	signContexts = makeSignContexts()
)

// makeZeroContexts tabulates T.800 table D.1 by orientation.
func makeZeroContexts() (t [4][256]uint8) {
	for f := range 256 {
		bit := func(flag int) int {
			if f&flag != 0 {
				return 1
			}
			return 0
		}
		h, v := bit(flagW)+bit(flagE), bit(flagN)+bit(flagS)
		d := bit(flagNW) + bit(flagNE) + bit(flagSW) + bit(flagSE)
		t[0][f], t[2][f] = lowContext(h, v, d), lowContext(h, v, d)
		t[1][f] = lowContext(v, h, d)
		t[3][f] = diagonalContext(h+v, d)
	}
	return t
}

func lowContext(h, v, d int) uint8 {
	switch {
	case h == 2:
		return 8
	case h == 1 && v >= 1:
		return 7
	case h == 1 && d >= 1:
		return 6
	case h == 1:
		return 5
	case v > 0:
		return uint8(2 + v)
	}
	return uint8(min(d, 2))
}

func diagonalContext(hv, d int) uint8 {
	switch {
	case d >= 3:
		return 8
	case d == 2:
		return uint8(6 + min(hv, 1))
	case d == 1:
		return uint8(3 + min(hv, 2))
	}
	return uint8(min(hv, 2))
}

// signFlip marks in signContexts that the decoded sign is to be inverted.
const signFlip = 0x80

// makeSignContexts tabulates T.800 tables D.2 and D.3 by the low 12 flags.
func makeSignContexts() (t [4096]uint8) {
	for f := range t {
		side := func(neighbor, sign int) int {
			switch {
			case f&neighbor == 0:
				return 0
			case f&sign != 0:
				return -1
			}
			return 1
		}
		h := max(-1, min(1, side(flagW, signW)+side(flagE, signE)))
		v := max(-1, min(1, side(flagN, signN)+side(flagS, signS)))
		flip := uint8(0)
		if h < 0 || h == 0 && v < 0 {
			flip, h, v = signFlip, -h, -v
		}
		if h == 1 {
			t[f] = uint8(contextSign+3+v) | flip
		} else {
			t[f] = uint8(contextSign+v) | flip
		}
	}
	return t
}

// decode decodes a block of a subband whose coefficients have the given number
// of bit-planes, into d.data.
func (d *blockDecoder) decode(b *codeBlock, orientation, planes, style int) error {
	d.w, d.h = b.area.width(), b.area.height()
	d.stride = d.w + 2
	size := d.stride * ((d.h+3)/4 + 2)
	d.data = resize(d.data, 4*size)
	if planes <= 0 {
		return nil
	}
	if planes > 30 {
		return corrupt("%d bit-planes", planes)
	}
	d.flags = resize(d.flags, size)
	d.zero, d.causal = &zeroContexts[orientation], style&styleCausal != 0
	d.mq.resetContexts()
	pass, kind, plane := 0, 2, planes // the first pass is a cleanup
	for i := range b.segments {
		s := &b.segments[i]
		src := d.join(s.chunks)
		raw := style&styleBypass != 0 && pass >= 10 && kind < 2
		var r registers
		if raw {
			d.raw = rawReader{src: src}
		} else {
			r = d.mq.start(src)
		}
		for k := 0; k < s.passes && plane > 0; k++ {
			one := int32(1) << plane
			switch {
			case kind == 0 && raw:
				d.rawSignificancePass(one)
			case kind == 0:
				r = d.significancePass(one, r)
			case kind == 1 && raw:
				d.rawRefinementPass(one)
			case kind == 1:
				r = d.refinementPass(one, r)
			default:
				r = d.cleanupPass(one, r)
				if style&styleSegments != 0 { // 1010, to find errors by
					for range 4 {
						_, r = d.mq.decode(contextUniform, r)
					}
				}
				plane--
			}
			if style&styleReset != 0 {
				d.mq.resetContexts()
			}
			kind, pass = (kind+1)%3, pass+1
		}
	}
	return nil
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// join makes one slice of the chunks of a segment.
func (d *blockDecoder) join(chunks [][]byte) []byte {
	if len(chunks) == 1 {
		return chunks[0]
	}
	d.joining = d.joining[:0]
	for _, c := range chunks {
		d.joining = append(d.joining, c...)
	}
	return d.joining
}

// rows is how many samples a stripe column has.
func (d *blockDecoder) rows(stripe int) int { return min(4, d.h-4*stripe) }

// valid marks the samples that a stripe's columns have.
func (d *blockDecoder) valid(stripe int) uint64 {
	return lanes >> (16 * (4 - d.rows(stripe)) & 63)
}

// line is row y of the decoded block: the first sample and each fourth after it.
func (d *blockDecoder) line(y int) []int32 {
	at := (y/4+1)*d.stride + 1
	return d.data[4*at+y%4:][:4*d.w-3]
}

// spreads are the flags that a sample that becomes significant sets in its
// stripe, by its row and sign.
var spreads = makeSpreads()

type spread struct{ left, here, right uint64 }

func makeSpreads() (t [4][2]spread) {
	for row := range t {
		for sign := range uint64(2) {
			beside := func(above, level, below uint64) uint64 {
				flags := level << (16 * row)
				if row > 0 {
					flags |= above << (16 * (row - 1))
				}
				if row < 3 {
					flags |= below << (16 * (row + 1))
				}
				return flags
			}
			t[row][sign] = spread{
				left:  beside(flagSE, flagE|signE*sign, flagNE),
				here:  beside(flagS|signS*sign, significant, flagN|signN*sign),
				right: beside(flagSW, flagW|signW*sign, flagNW),
			}
		}
	}
	return t
}

// setSample makes a sample significant, with the given magnitude and negative by
// a sign of 1, and tells its neighbors. The flags of its stripe column are given
// and returned, not set.
func (d *blockDecoder) setSample(at int, shiftRow uint, word uint64, value int32, sign uint64) uint64 {
	row := shiftRow >> 4 & 3
	d.data[4*at+int(row)] = (value ^ -int32(sign)) + int32(sign)
	s := &spreads[row][sign&1]
	d.flags[at-1] |= s.left
	d.flags[at+1] |= s.right
	if row == 0 && !d.causal { // else a stripe does not see the one below
		above := d.flags[at-d.stride-1:][:3]
		above[0] |= flagSE << 48
		above[1] |= (flagS | signS*sign) << 48
		above[2] |= flagSW << 48
	}
	if row == 3 {
		below := d.flags[at+d.stride-1:][:3]
		below[0] |= flagNE
		below[1] |= flagN | signN*sign
		below[2] |= flagNW
	}
	return word | s.here
}
