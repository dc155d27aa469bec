package j2k

// An htRefiner decodes the passes that may follow a cleanup pass, one bit-plane
// below it (ISO/IEC 15444-15, 7.4 and 7.5). They are rare: an encoder makes them
// where it cuts a block to a size.
type htRefiner struct {
	bits   bitString
	stride int
	state  []uint8 // of samples, with a border of one around
	fresh  []int   // samples of a group that became significant
}

const (
	sampleClean uint8 = iota + 1 // significant since the cleanup pass
	sampleFresh                  // since the significance propagation pass
)

// refine decodes the significance propagation pass and, of two passes, the
// magnitude refinement pass, which reads the segment from its end.
func (r *htRefiner) refine(d *htDecoder, segment []byte, passes, planes int, causal bool) {
	r.stride = d.w + 2
	r.state = resize(r.state, r.stride*(d.h+2))
	for y := range d.h {
		for x, v := range d.out[y*d.outStride:][:d.w] {
			if v != 0 {
				r.state[(y+1)*r.stride+x+1] = sampleClean
			}
		}
	}
	half := int32(1) << (planes - 1) >> 1 // in the middle of this plane's interval
	r.propagate(d, segment, 3*half, causal)
	if passes > 1 {
		r.magnitudes(d, segment, half)
	}
}

// propagate visits samples that are not significant but have a neighbor that is,
// in groups of 4 x 4: first bits that tell whether they are, then signs of those
// that are.
func (r *htRefiner) propagate(d *htDecoder, segment []byte, value int32, causal bool) {
	r.bits.forward(segment, 0)
	pos := 0
	bit := func() uint64 {
		b := r.bits.at(min(pos, r.bits.end)) & 1
		pos++
		return b
	}
	for top := 0; top < d.h; top += 4 {
		bottom := min(top+4, d.h)
		for left := 0; left < d.w; left += 4 {
			r.fresh = r.fresh[:0]
			for x := left; x < min(left+4, d.w); x++ {
				for y := top; y < bottom; y++ {
					at := (y+1)*r.stride + x + 1
					if r.state[at] != 0 || !r.near(at, causal && y == top+3) {
						continue
					}
					if bit() == 1 {
						r.state[at] = sampleFresh
						r.fresh = append(r.fresh, y*d.outStride+x)
					}
				}
			}
			for _, at := range r.fresh {
				if d.out[at] = value; bit() == 1 {
					d.out[at] = -value
				}
			}
		}
	}
}

// near reports whether a neighbor is significant; without the row below in the
// last row of a causal stripe.
func (r *htRefiner) near(at int, last bool) bool {
	up, row, down := r.state[at-r.stride-1:][:3], r.state[at-1:][:3], r.state[at+r.stride-1:][:3]
	n := up[0] | up[1] | up[2] | row[0] | row[2]
	if !last {
		n |= down[0] | down[1] | down[2]
	}
	return n != 0
}

// magnitudes reads one more bit of the samples of the cleanup pass.
func (r *htRefiner) magnitudes(d *htDecoder, segment []byte, half int32) {
	r.bits.backward(segment, false)
	pos := 0
	for top := 0; top < d.h; top += 4 {
		for x := range d.w {
			for y := top; y < min(top+4, d.h); y++ {
				if r.state[(y+1)*r.stride+x+1] != sampleClean {
					continue
				}
				change := -half // from the middle of the interval to that of its lower half
				if r.bits.at(min(pos, r.bits.end))&1 == 1 {
					change = half
				}
				pos++
				v := &d.out[y*d.outStride+x]
				if *v < 0 {
					change = -change
				}
				*v += change
			}
		}
	}
}
