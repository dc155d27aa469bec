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
				old, next, less := *state, uint8(0), uint64(0)
				a, c, next, less = decide(a, c, old)
				*state = next
				n := shift(a)
				a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
				if ahead < 0 {
					c, ahead = m.refill(c, ahead)
				}
				word |= visited << shiftRow
				if less>>63 != uint64(old&1) {
					var r registers
					word, r = d.newSample(at+x, shiftRow, word, value, registers{a, c, ahead})
					a, c, ahead = r.a, r.c, r.ahead
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
// an earlier plane. Which they are and their contexts do not depend on what the
// pass decodes, so it lists them first, without branches.
func (d *blockDecoder) refinementPass(one int32, r registers) registers {
	half := one >> 1
	m, a, c, ahead, data := &d.mq, r.a, r.c, r.ahead, d.data
	for _, it := range d.refinements() {
		state := &m.state[contextMagnitude+it&3]
		old, next, less := *state, uint8(0), uint64(0)
		a, c, next, less = decide(a, c, old)
		*state = next
		n := shift(a)
		a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
		if ahead < 0 {
			c, ahead = m.refill(c, ahead)
		}
		if i := int(it >> 2); i < len(data) {
			// Away from zero for a 1, towards it for a 0, without a branch
			// that nothing could predict.
			v := data[i]
			mask := v>>31 ^ (int32(less>>63) ^ int32(old&1) - 1)
			data[i] = v + (half ^ mask) - mask
		}
	}
	return registers{a, c, ahead}
}

// refinements lists what a refinement pass is to decode: the context, counted
// from contextMagnitude, in the low two bits, and the place in d.data, which has
// no more than 14, above them.
func (d *blockDecoder) refinements() []uint16 {
	n, list := 0, &d.list
	for stripe := 0; 4*stripe < d.h; stripe++ {
		at := (stripe+1)*d.stride + 1
		words := d.flags[at:][:d.w]
		for x, word := range words {
			old := word >> bitSignificant &^ (word >> bitVisited) & lanes
			if old == 0 {
				continue
			}
			again := word >> bitRefined & lanes
			near := (word&(neighbors*lanes) + neighbors*lanes) >> 8 & lanes
			contexts := again<<1 | near&^again
			words[x] = word | old<<bitRefined
			item := uint16(at+x) << 4
			for range 4 {
				list[n&(len(list)-1)] = item | uint16(contexts)
				n += int(old & 1)
				item += 4
				contexts >>= 16
				old >>= 16
			}
		}
	}
	return list[:n]
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
					shiftRow := uint(16 * (high<<1 | low))
					word, r = d.newSample(at+x, shiftRow, word, value, r)
					todo &= ^uint64(1) << (shiftRow & 63)
				} else {
					todo = 0
				}
				a, c, ahead = r.a, r.c, r.ahead
			}
			for ; todo != 0; todo &= todo - 1 {
				shiftRow := uint(bits.TrailingZeros64(todo)) & 63
				state := &m.state[d.zero[word>>shiftRow&neighbors]&31]
				old, next, less := *state, uint8(0), uint64(0)
				a, c, next, less = decide(a, c, old)
				*state = next
				n := shift(a)
				a, c, ahead = a<<(n&63), c<<(n&63), ahead-n
				if ahead < 0 {
					c, ahead = m.refill(c, ahead)
				}
				if less>>63 != uint64(old&1) {
					var r registers
					word, r = d.newSample(at+x, shiftRow, word, value, registers{a, c, ahead})
					a, c, ahead = r.a, r.c, r.ahead
				}
			}
			words[x] = word &^ (visited * lanes)
		}
	}
	return registers{a, c, ahead}
}

// newSample decodes the sign of a sample that becomes significant, and does what
// setSample does.
func (d *blockDecoder) newSample(at int, shiftRow uint, word uint64, value int32, r registers) (uint64, registers) {
	m := &d.mq
	context := signContexts[word>>(shiftRow&63)&0xFFF]
	state := &m.state[context&31]
	old, a, c, n := *state, uint64(0), uint64(0), 0
	a, c, next, less := decide(r.a, r.c, old)
	*state = next
	n = shift(a)
	r = registers{a << (n & 63), c << (n & 63), r.ahead - n}
	if r.ahead < 0 {
		r.c, r.ahead = m.refill(r.c, r.ahead)
	}
	return d.setSample(at, shiftRow, word, value, less>>63^uint64(old&1)^uint64(context>>7)), r
}
