package j2k

import "math/bits"

// The coding passes (T.800 D.3). They decode decisions as mqDecoder.decode
// does, in line, with the registers in variables. one is the plane's bit; a
// sample is reconstructed in the middle of what is known of it.

// significancePass decodes the samples that are not significant but have a
// significant neighbor.
func (d *blockDecoder) significancePass(one int32, r registers) registers {
	value := one | one>>1
	m, zero := &d.mq, d.zero
	for i := range d.groups {
		g := &d.groups[i]
		words := (*[16]uint64)(d.flags[16*i:])
		visited := uint64(0)
		for todo := g.near & g.open; todo != 0; {
			place := uint(bits.TrailingZeros64(todo))
			flags := words[place>>2&15] >> (place & 3 * 16)
			state := &m.states[zero[uint8(flags)]%contexts]
			old, less := *state, uint64(0)
			r.a, r.c, *state, less = decide(r.a, r.c, old)
			if r = r.shifted(); r.ahead < 0 {
				r = m.refill(r)
			}
			visited |= todo & -todo
			todo &= todo - 1
			if less>>63^old&1 != 0 {
				r = d.newSample(i, place, flags, value, r)
				// It may have a neighbor that is still to come.
				todo = g.near & g.open & (^uint64(1) << (place & 63))
			}
		}
		g.visited = visited
	}
	return r
}

// refinementPass decodes a further bit of the samples that became significant in
// an earlier plane.
func (d *blockDecoder) refinementPass(one int32, r registers) registers {
	half := one >> 1
	m := &d.mq
	for i := range d.groups {
		g := &d.groups[i]
		data := (*[64]int32)(d.data[64*i:])
		todo := g.significant &^ g.visited
		again, first := g.refined, g.near&^g.refined // contexts, counted from contextMagnitude: 2 and 1
		g.refined |= todo
		for ; todo != 0; todo &= todo - 1 {
			place := uint(bits.TrailingZeros64(todo)) & 63
			state := &m.states[contextMagnitude+again>>place&1*2+first>>place&1]
			old, less := *state, uint64(0)
			r.a, r.c, *state, less = decide(r.a, r.c, old)
			if r = r.shifted(); r.ahead < 0 {
				r = m.refill(r)
			}
			data[place] += refinement(data[place], half, less>>63^old&1)
		}
	}
	return r
}

// refinement is what a refinement bit changes in a value: half away from zero
// for a 1, towards it for a 0, without a branch that nothing could predict.
func refinement(v, half int32, bit uint64) int32 {
	mask := v>>31 ^ (int32(bit) - 1)
	return (half ^ mask) - mask
}

// cleanupPass decodes the samples that no other pass of the plane has.
func (d *blockDecoder) cleanupPass(one int32, r registers) registers {
	value := one | one>>1
	m, zero := &d.mq, d.zero
	for i := range d.groups {
		g := &d.groups[i]
		words := (*[16]uint64)(d.flags[16*i:])
		todo := g.open &^ g.visited
		g.visited = 0
		for todo != 0 {
			place := uint(bits.TrailingZeros64(todo)) & 63
			if (g.near|^todo)>>place&15|uint64(place)&3 == 0 {
				// A whole column without a neighbor: how long is the run of zeros?
				var bit uint64
				if bit, r = m.decode(contextRun, r); bit == 0 {
					todo &^= 15 << place
				} else {
					var high, low uint64
					high, r = m.decode(contextUniform, r)
					low, r = m.decode(contextUniform, r)
					place |= uint(high<<1 | low)
					r = d.newSample(i, place, words[place>>2&15]>>(place&3*16), value, r)
					todo &= ^uint64(1) << (place & 63)
				}
				continue
			}
			flags := words[place>>2&15] >> (place & 3 * 16)
			state := &m.states[zero[uint8(flags)]%contexts]
			old, less := *state, uint64(0)
			r.a, r.c, *state, less = decide(r.a, r.c, old)
			if r = r.shifted(); r.ahead < 0 {
				r = m.refill(r)
			}
			todo &= todo - 1
			if less>>63^old&1 != 0 {
				r = d.newSample(i, place, flags, value, r)
			}
		}
	}
	return r
}

// newSample decodes the sign of a sample that becomes significant.
func (d *blockDecoder) newSample(i int, place uint, flags uint64, value int32, r registers) registers {
	context := signContexts[flags&signFlags]
	sign, r := d.mq.decode(context&^signFlip, r)
	d.setSample(i, place, value, sign^uint64(context>>7))
	return r
}
