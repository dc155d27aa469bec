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
	isRaw   bool
	causal  bool
	zero    *[256]uint8 // significance context by neighbors
	w, h    int
	stride  int      // words in a row of stripes, with one of border at each side
	flags   []uint64 // with a row of border above and below
	data    []int32  // magnitudes with one fraction bit, signed, row-major
	joining []byte
}

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
	lanes     = 0x0001000100010001 // times a flag: that flag in all four samples
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
	d.data = resize(d.data, d.w*d.h)
	if planes <= 0 {
		return nil
	}
	if planes > 30 {
		return corrupt("%d bit-planes", planes)
	}
	d.flags = resize(d.flags, d.stride*((d.h+3)/4+2))
	d.zero, d.causal = &zeroContexts[orientation], style&styleCausal != 0
	d.mq.resetContexts()
	pass, kind, plane := 0, 2, planes // the first pass is a cleanup
	for i := range b.segments {
		s := &b.segments[i]
		src := d.join(s.chunks)
		d.isRaw = style&styleBypass != 0 && pass >= 10 && kind < 2
		if d.isRaw {
			d.raw = rawReader{src: src}
		} else {
			d.mq.start(src)
		}
		for k := 0; k < s.passes && plane > 0; k++ {
			one := int32(1) << plane
			switch kind {
			case 0:
				d.significancePass(one)
			case 1:
				d.refinementPass(one)
			case 2:
				d.cleanupPass(one)
				if style&styleSegments != 0 { // 1010, to find errors by
					for range 4 {
						d.mq.decode(contextUniform)
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

// The passes keep the arithmetic decoder's registers in variables a and c, and
// hand them over only where a decision is not the likely one.

func (d *blockDecoder) significancePass(one int32) {
	value := one | one>>1
	m, a, c := &d.mq, d.mq.a, d.mq.c
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		rows := d.rows(stripe)
		for x := range words { // a column may change the next one
			word := words[x]
			if word&(neighbors*lanes) == 0 {
				continue
			}
			for row := range rows {
				f := word >> (16 * row)
				if f&significant != 0 || f&neighbors == 0 {
					continue
				}
				var bit uint32
				if d.isRaw {
					bit = d.raw.bit()
				} else {
					state := &m.state[d.zero[f&neighbors]&31]
					s := &mqTable[*state&127]
					if na, nc, ok := s.likely(a, c); ok {
						a, c, bit = na, nc, uint32(s.mps)
					} else {
						bit = m.exchange(a, c, state, s)
						a, c = m.a, m.c
					}
				}
				word |= visited << (16 * row)
				if bit == 1 {
					words[x], m.a, m.c = word, a, c
					d.newSample(at+x, row, (4*stripe+row)*d.w+x, value)
					word, a, c = words[x], m.a, m.c
				}
			}
			words[x] = word
		}
	}
	m.a, m.c = a, c
}

func (d *blockDecoder) refinementPass(one int32) {
	half := one >> 1
	m, a, c := &d.mq, d.mq.a, d.mq.c
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		rows := d.rows(stripe)
		for x, word := range words {
			if word&(significant*lanes) == 0 {
				continue
			}
			for row := range rows {
				f := word >> (16 * row)
				if f&(significant|visited) != significant {
					continue
				}
				context := uint8(contextMagnitude)
				switch {
				case f&refined != 0:
					context += 2
				case f&neighbors != 0:
					context++
				}
				var bit uint32
				if d.isRaw {
					bit = d.raw.bit()
				} else {
					state := &m.state[context&31]
					s := &mqTable[*state&127]
					if na, nc, ok := s.likely(a, c); ok {
						a, c, bit = na, nc, uint32(s.mps)
					} else {
						bit = m.exchange(a, c, state, s)
						a, c = m.a, m.c
					}
				}
				v := &d.data[(4*stripe+row)*d.w+x]
				// Away from zero for a 1, towards it for a 0, without a branch
				// that nothing could predict.
				mask := *v>>31 ^ (int32(bit) - 1)
				*v += (half ^ mask) - mask
				word |= refined << (16 * row)
			}
			words[x] = word
		}
	}
	m.a, m.c = a, c
}

func (d *blockDecoder) cleanupPass(one int32) {
	value := one | one>>1
	m, a, c := &d.mq, d.mq.a, d.mq.c
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		rows := d.rows(stripe)
		for x := range words {
			word := words[x]
			row, found := 0, false
			if rows == 4 && word&((neighbors|significant|visited)*lanes) == 0 {
				m.a, m.c = a, c
				found = m.decode(contextRun) == 1
				if found {
					row = int(m.decode(contextUniform)<<1 | m.decode(contextUniform))
				}
				a, c = m.a, m.c
				if !found {
					continue
				}
			}
			for ; row < rows; row++ {
				f := word >> (16 * row)
				if f&(significant|visited) != 0 {
					continue
				}
				bit := uint32(1)
				if !found {
					state := &m.state[d.zero[f&neighbors]&31]
					s := &mqTable[*state&127]
					if na, nc, ok := s.likely(a, c); ok {
						a, c, bit = na, nc, uint32(s.mps)
					} else {
						bit = m.exchange(a, c, state, s)
						a, c = m.a, m.c
					}
				}
				found = false
				if bit == 1 {
					words[x], m.a, m.c = word, a, c
					d.newSample(at+x, row, (4*stripe+row)*d.w+x, value)
					word, a, c = words[x], m.a, m.c
				}
			}
			words[x] = word &^ (visited * lanes)
		}
	}
	m.a, m.c = a, c
}

// newSample decodes the sign of a sample that becomes significant and tells its
// neighbors.
func (d *blockDecoder) newSample(at, row, place int, value int32) {
	shift := 16 * row
	var sign uint32
	if d.isRaw {
		sign = d.raw.bit()
	} else {
		c := signContexts[d.flags[at]>>shift&0xFFF]
		sign = d.mq.decode(c&^signFlip) ^ uint32(c>>7)
	}
	negative := uint64(sign)
	if sign == 1 {
		value = -value
	}
	d.data[place] = value

	d.flags[at] |= significant << shift
	d.flags[at-1] |= (flagE | signE*negative) << shift
	d.flags[at+1] |= (flagW | signW*negative) << shift
	if row > 0 {
		d.flags[at-1] |= flagSE << (shift - 16)
		d.flags[at] |= (flagS | signS*negative) << (shift - 16)
		d.flags[at+1] |= flagSW << (shift - 16)
	} else if !d.causal { // else a stripe does not see the one below
		above := at - d.stride
		d.flags[above-1] |= flagSE << 48
		d.flags[above] |= (flagS | signS*negative) << 48
		d.flags[above+1] |= flagSW << 48
	}
	if row < 3 {
		d.flags[at-1] |= flagNE << (shift + 16)
		d.flags[at] |= (flagN | signN*negative) << (shift + 16)
		d.flags[at+1] |= flagNW << (shift + 16)
	} else {
		below := at + d.stride
		d.flags[below-1] |= flagNE
		d.flags[below] |= flagN | signN*negative
		d.flags[below+1] |= flagNW
	}
}
