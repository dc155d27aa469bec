package j2k

import (
	"cmp"
	"math"
)

// A place is a precinct, with where it starts on the reference grid.
type place struct {
	component, resolution uint16
	precinct, x, y        int32
}

// places are the precincts of c in the order of its progression, layers apart
// (T.800 B.12).
func (r *packetReader) places(c change) []place {
	n := 0
	for ci := c.fromComp; ci < min(c.toComp, len(r.components)); ci++ {
		for ri := c.fromRes; ri < min(c.toRes, len(r.components[ci].resolutions)); ri++ {
			n += len(r.components[ci].resolutions[ri].nextLayer)
		}
	}
	places := make([]place, 0, n)
	var ends []int // of runs that are in order
	for ci := c.fromComp; ci < min(c.toComp, len(r.components)); ci++ {
		tc := r.components[ci]
		for ri := c.fromRes; ri < min(c.toRes, len(tc.resolutions)); ri++ {
			res := tc.resolutions[ri]
			for k := range res.nextLayer {
				x := int64(res.originX+k%res.across) << res.shiftX * int64(tc.dx)
				y := int64(res.originY+k/res.across) << res.shiftY * int64(tc.dy)
				places = append(places, place{uint16(ci), uint16(ri), int32(k), within(x, r.area.x0), within(y, r.area.y0)})
			}
			ends = append(ends, len(places))
		}
	}
	return merge(places, ends, order(c.progression))
}

// within is a place on the reference grid, at the start of the tile at least.
func within(v int64, start int) int32 { return int32(min(max(v, int64(start)), math.MaxInt32)) }

// order compares places by a progression.
func order(progression int) func(a, b *place) int {
	byPosition := func(a, b *place) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) }
	byResolution := func(a, b *place) int { return cmp.Compare(a.resolution, b.resolution) }
	byComponent := func(a, b *place) int { return cmp.Compare(a.component, b.component) }
	switch progression {
	case 2: // RPCL
		return func(a, b *place) int { return cmp.Or(byResolution(a, b), byPosition(a, b), byComponent(a, b)) }
	case 3: // PCRL
		return func(a, b *place) int { return cmp.Or(byPosition(a, b), byComponent(a, b), byResolution(a, b)) }
	case 4: // CPRL
		return func(a, b *place) int { return cmp.Or(byComponent(a, b), byPosition(a, b), byResolution(a, b)) }
	}
	return func(a, b *place) int { return cmp.Or(byResolution(a, b), byComponent(a, b)) } // LRCP, RLCP: within a layer
}

// merge puts runs of places, which end at ends, in one order. Precincts of one
// place stay in raster order. There are few runs, so this is quicker than to sort.
func merge(places []place, ends []int, order func(a, b *place) int) []place {
	spare := make([]place, len(places))
	for len(ends) > 1 {
		start, kept := 0, ends[:0]
		for i := 0; i < len(ends); i += 2 {
			middle, end := ends[i], ends[i]
			if i+1 < len(ends) {
				end = ends[i+1]
			}
			a, b, out := places[start:middle], places[middle:end], spare[start:end]
			for k := range out {
				if len(b) == 0 || len(a) > 0 && order(&a[0], &b[0]) <= 0 {
					out[k], a = a[0], a[1:]
				} else {
					out[k], b = b[0], b[1:]
				}
			}
			start, kept = end, append(kept, end)
		}
		places, spare, ends = spare, places, kept
	}
	return places
}
