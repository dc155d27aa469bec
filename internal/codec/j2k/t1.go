package j2k

// A blockDecoder decodes the coefficients of code-blocks (T.800 annex D). It is
// reused from block to block.
//
// The samples are kept in groups of 16 columns of a stripe, 64 samples in the
// order in which the passes visit them: down a column of four, then the next
// column. The groups stand in rows of stripes, each followed by a group of
// border, which ends the row and begins the next one; above and below are rows of
// border. So a sample is a group and a place in
// it, and the samples that a pass has to visit are the bits of a word, found
// without looking at the others and with few branches that go wrong.
type blockDecoder struct {
	mq      mqDecoder
	raw     rawReader
	zero    *[256]uint8 // significance context by neighbors
	w, h    int
	stride  int // groups in a row
	groups  []group
	flags   []uint64      // of a column of a group, 16 bits for each sample
	data    []int32       // magnitudes with one fraction bit, signed
	spreads *[4][2]spread // by row and sign
	far     [4]int        // by row, from a group to the other one that spread tells
	joining []byte
	ht      htDecoder
}

// A group has sets of its samples: bit 4*column+row.
type group struct {
	near        uint64 // with a significant neighbor
	open        uint64 // not significant, and part of the block
	significant uint64
	visited     uint64 // by the significance pass of this plane
	refined     uint64
}

// shape lays out a block.
func (d *blockDecoder) shape(w, h int) {
	d.w, d.h = w, h
	stripes, across := (h+3)/4, (w+15)/16
	d.stride = across + 1
	n := (stripes+2)*d.stride + 1
	d.groups, d.flags, d.data = resize(d.groups, n), resize(d.flags, 16*n), resize(d.data, 64*n)
	for stripe := range stripes {
		column := uint64(0x1111111111111111) * (1<<min(4, h-4*stripe) - 1)
		for k := range across {
			d.groups[d.at(stripe)+k].open = column >> (4 * max(0, 16*(k+1)-w))
		}
	}
}

// at is the first group of a stripe.
func (d *blockDecoder) at(stripe int) int { return (stripe+1)*d.stride + 1 }

// line is row y of the decoded block: the first sample and each fourth after it.
func (d *blockDecoder) line(y int) []int32 {
	return d.data[64*d.at(y/4)+y%4:][:4*d.w-3]
}

// decode decodes a block of a subband whose coefficients have the given number
// of bit-planes.
func (d *blockDecoder) decode(b *codeBlock, orientation, planes, style int) error {
	d.shape(b.area.width(), b.area.height())
	if planes <= 0 {
		return nil
	}
	if planes > 30 {
		return corrupt("%d bit-planes", planes)
	}
	d.zero, d.spreads = &zeroContexts[orientation], &spreads
	d.far = [4]int{-d.stride, 0, 0, d.stride}
	if style&styleCausal != 0 {
		d.spreads = &causalSpreads
	}
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
