package j2k

import "math/bits"

// A rawReader reads the bits that bypass the arithmetic coder.
type rawReader struct {
	src     []byte
	pos     int
	current byte
	left    uint
}

func (r *rawReader) bit() uint64 {
	if r.left == 0 {
		r.left = 8
		if r.current == 0xFF {
			r.left = 7
		}
		r.current = 0xFF
		if r.pos < len(r.src) {
			r.current = r.src[r.pos]
			r.pos++
		}
	}
	r.left--
	return uint64(r.current>>r.left) & 1
}

// rawSignificancePass is significancePass where its bits bypass the coder.
func (d *blockDecoder) rawSignificancePass(one int32) {
	for i := range d.groups {
		g := &d.groups[i]
		g.visited = 0
		for todo := g.near & g.open; todo != 0; {
			place := uint(bits.TrailingZeros64(todo))
			g.visited |= 1 << place
			if d.raw.bit() == 1 {
				d.setSample(i, place, one|one>>1, d.raw.bit())
			}
			todo = g.near & g.open & (^uint64(1) << place)
		}
	}
}

// rawRefinementPass is refinementPass where its bits bypass the coder.
func (d *blockDecoder) rawRefinementPass(one int32) {
	for i := range d.groups {
		g := &d.groups[i]
		todo := g.significant &^ g.visited
		g.refined |= todo
		for ; todo != 0; todo &= todo - 1 {
			v := &d.data[64*i+bits.TrailingZeros64(todo)]
			*v += refinement(*v, one>>1, d.raw.bit())
		}
	}
}
