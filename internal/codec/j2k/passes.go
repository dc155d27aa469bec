package j2k

import "math/bits"

// The coding passes (T.800 D.3). They decode decisions as mqDecoder.decode
// does, in line, with the registers in variables.

// significancePass decodes the samples that are not significant but have a
// significant neighbor.
func (d *blockDecoder) significancePass(one int32, r registers) registers {
	value := one | one>>1
	m, a, c, ahead := &d.mq, r.a, r.c, r.ahead
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		valid := d.valid(stripe)
		for x := range words { // a column may change the next one
			word := words[x]
			for todo := candidates(word) & valid; todo != 0; {
				shiftRow := uint(bits.TrailingZeros64(todo)) & 63
				state := &m.state[d.zero[word>>shiftRow&neighbors]&31]
				s := &mqTable[*state&127]
				bit := uint64(*state)
				var less uint64
				a, c, less = s.split(a, c)
				*state = s.next(a, less)
				n := shift(a)
				a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
				if ahead < 0 {
					c, ahead = m.refill(c, ahead)
				}
				word |= visited << shiftRow
				if (bit^less)&1 != 0 {
					words[x] = word
					row := int(shiftRow >> 4)
					r := d.newSample(at+x, row, (4*stripe+row)*d.w+x, value, registers{a, c, ahead})
					a, c, ahead = r.a, r.c, r.ahead
					word = words[x]
					todo = candidates(word) & valid
				}
				todo &= ^uint64(1) << shiftRow
			}
			words[x] = word
		}
	}
	return registers{a, c, ahead}
}

// candidates marks the samples of a stripe column that are not significant but
// have a significant neighbor.
func candidates(word uint64) uint64 {
	near := (word&(neighbors*lanes) + neighbors*lanes) >> 8
	return near &^ (word >> bitSignificant) & lanes
}

// refinementPass decodes a further bit of the samples that became significant in
// an earlier plane.
func (d *blockDecoder) refinementPass(one int32, r registers) registers {
	half := one >> 1
	m, a, c, ahead := &d.mq, r.a, r.c, r.ahead
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		for x, word := range words {
			for todo := (word >> bitSignificant) &^ (word >> bitVisited) & lanes; todo != 0; todo &= todo - 1 {
				shiftRow := uint(bits.TrailingZeros64(todo)) & 63
				f := word >> shiftRow
				context := uint8(contextMagnitude)
				switch {
				case f&refined != 0:
					context += 2
				case f&neighbors != 0:
					context++
				}
				state := &m.state[context&31]
				s := &mqTable[*state&127]
				bit := uint64(*state)
				var less uint64
				a, c, less = s.split(a, c)
				*state = s.next(a, less)
				n := shift(a)
				a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
				if ahead < 0 {
					c, ahead = m.refill(c, ahead)
				}
				v := &d.data[(4*stripe+int(shiftRow>>4))*d.w+x]
				// Away from zero for a 1, towards it for a 0, without a branch
				// that nothing could predict.
				mask := *v>>31 ^ (int32((bit^less)&1) - 1)
				*v += (half ^ mask) - mask
				word |= refined << shiftRow
			}
			words[x] = word
		}
	}
	return registers{a, c, ahead}
}

// cleanupPass decodes the samples that no other pass of the plane has.
func (d *blockDecoder) cleanupPass(one int32, r registers) registers {
	value := one | one>>1
	m, a, c, ahead := &d.mq, r.a, r.c, r.ahead
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		valid := d.valid(stripe)
		for x := range words {
			word := words[x]
			todo := ^(word>>bitSignificant | word>>bitVisited) & valid
			if todo == lanes && word&(neighbors*lanes) == 0 {
				bit, r := m.decode(contextRun, registers{a, c, ahead})
				if bit != 0 {
					var high, low uint64
					high, r = m.decode(contextUniform, r)
					low, r = m.decode(contextUniform, r)
					row := int(high<<1 | low)
					r = d.newSample(at+x, row, (4*stripe+row)*d.w+x, value, r)
					word = words[x]
					todo &= ^uint64(1) << (16 * row & 63)
				} else {
					todo = 0
				}
				a, c, ahead = r.a, r.c, r.ahead
			}
			for ; todo != 0; todo &= todo - 1 {
				shiftRow := uint(bits.TrailingZeros64(todo)) & 63
				state := &m.state[d.zero[word>>shiftRow&neighbors]&31]
				s := &mqTable[*state&127]
				bit := uint64(*state)
				var less uint64
				a, c, less = s.split(a, c)
				*state = s.next(a, less)
				n := shift(a)
				a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
				if ahead < 0 {
					c, ahead = m.refill(c, ahead)
				}
				if (bit^less)&1 != 0 {
					words[x] = word
					row := int(shiftRow >> 4)
					r := d.newSample(at+x, row, (4*stripe+row)*d.w+x, value, registers{a, c, ahead})
					a, c, ahead = r.a, r.c, r.ahead
					word = words[x]
				}
			}
			words[x] = word &^ (visited * lanes)
		}
	}
	return registers{a, c, ahead}
}

// newSample decodes the sign of a sample that becomes significant and tells its
// neighbors.
func (d *blockDecoder) newSample(at, row, place int, value int32, r registers) registers {
	context := signContexts[d.flags[at]>>(16*row&63)&0xFFF]
	bit, r := d.mq.decode(context&^signFlip, r)
	d.setSample(at, row, place, value, bit^uint64(context>>7))
	return r
}
