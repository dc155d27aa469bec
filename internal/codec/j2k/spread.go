package j2k

// A spread is what a sample that becomes significant tells its neighbors, by its
// row in the stripe and its sign. The outer rows have neighbors in another
// stripe; for the inner ones that part is empty, which costs less than a branch
// that nothing could predict.
type spread struct {
	left, here, right          uint64 // flags of the stripe's columns
	farLeft, farHere, farRight uint64 // and of those of the stripe beyond
	// Neighbors as bits of a group's sets, by column.
	side, middle, farSide uint64
}

// Of a causal block, a stripe does not see the one below.
var spreads, causalSpreads = makeSpreads(false), makeSpreads(true)

func makeSpreads(causal bool) (t [4][2]spread) {
	for row := range t {
		for sign := range uint64(2) {
			s := &t[row][sign]
			put := func(neighbor int, left, here, right uint64) {
				bit := uint64(1)
				switch {
				case neighbor < 0 && !causal:
					s.farLeft, s.farHere, s.farRight = left<<48, here<<48, right<<48
					s.farSide = bit << 3
				case neighbor > 3:
					s.farLeft, s.farHere, s.farRight = left, here, right
					s.farSide = bit
				case neighbor >= 0:
					s.left |= left << (16 * neighbor)
					s.here |= here << (16 * neighbor)
					s.right |= right << (16 * neighbor)
					s.side |= bit << neighbor
				}
			}
			put(row-1, flagSE, flagS|signS*sign, flagSW)
			put(row, flagE|signE*sign, 0, flagW|signW*sign)
			put(row+1, flagNE, flagN|signN*sign, flagNW)
			s.middle = s.side &^ (1 << row)
		}
	}
	return t
}

// setSample makes a sample of group i significant, with the given magnitude and
// negative by a sign of 1, and tells its neighbors.
func (d *blockDecoder) setSample(i int, place uint, value int32, sign uint64) {
	place &= 63
	row, column := place&3, place&^3
	s := &d.spreads[row][sign&1]
	j := i + d.far[row]
	d.data[64*i+int(place)] = (value ^ -int32(sign)) + int32(sign)

	f, g := d.flags, d.groups
	k := 16*i + int(place>>2)
	f[k-1] |= s.left
	f[k] |= s.here
	f[k+1] |= s.right
	k = 16*j + int(place>>2)
	f[k-1] |= s.farLeft
	f[k] |= s.farHere
	f[k+1] |= s.farRight

	// A column is four bits: what is shifted out belongs to the groups beside.
	side := s.side << column
	g[i-1].near |= side << 60
	g[i].near |= side>>4 | s.middle<<column | side<<4
	g[i+1].near |= side >> 60
	g[i].open &^= 1 << place
	g[i].significant |= 1 << place
	side = s.farSide << column
	g[j-1].near |= side << 60
	g[j].near |= side>>4 | side | side<<4
	g[j+1].near |= side >> 60
}
