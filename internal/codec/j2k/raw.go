package j2k

// A rawReader reads the bits that bypass the arithmetic coder.
type rawReader struct {
	src     []byte
	pos     int
	current byte
	left    uint
}

func (r *rawReader) bit() uint32 {
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
	return uint32(r.current>>r.left) & 1
}

func (d *blockDecoder) rawSignificancePass(one int32) {
	value := one | one>>1
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		for x := range words {
			for row := range d.rows(stripe) {
				f := words[x] >> (16 * row & 63)
				if f&significant != 0 || f&neighbors == 0 {
					continue
				}
				words[x] |= visited << (16 * row & 63)
				if d.raw.bit() == 1 {
					words[x] = d.setSample(at+x, uint(16*row), words[x], value, uint64(d.raw.bit()))
				}
			}
		}
	}
}

func (d *blockDecoder) rawRefinementPass(one int32) {
	half := one >> 1
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		for x, word := range words {
			for row := range d.rows(stripe) {
				f := word >> (16 * row & 63)
				if f&(significant|visited) != significant {
					continue
				}
				v := &d.data[4*(at+x)+row]
				mask := *v>>31 ^ (int32(d.raw.bit()) - 1)
				*v += (half ^ mask) - mask
				words[x] |= refined << (16 * row & 63)
			}
		}
	}
}
