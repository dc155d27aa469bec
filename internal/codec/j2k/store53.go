package j2k

import "github.com/cxrkit/cxrkit/internal/codec"

// store53 undoes the last level of the reversible wavelet and stores the samples
// in one go, row by row: most of the work of the wavelet is in that level, and
// most of its time would go to memory. low is the area of the resolution below.
// The frame has no other component, and the plane two rows or more.
func (c *tileComponent) store53(f *codec.Frame, p plane, low, area, frame rectangle) {
	parts := ceilDiv(p.area.height(), rowGroup)
	parallel(parts, func() func(k int) {
		width := p.area.width()
		w := &storing53{
			tileComponent: c, f: f, p: p, low: low, at: (area.y0-frame.y0)*f.Width + area.x0 - frame.x0,
			before: make([]int32, width), after: make([]int32, width), above: make([]int32, width), here: make([]int32, width),
		}
		return func(k int) { w.rows(k*rowGroup, min((k+1)*rowGroup, p.area.height())) }
	})
}

// A storing53 is one processor's part of store53. Rows of the plane's low and
// high subbands are transformed along before they are down.
type storing53 struct {
	*tileComponent
	f             *codec.Frame
	p             plane
	low           rectangle
	at            int     // of the tile in the frame
	before, after []int32 // high rows around a low one
	above, here   []int32 // low rows, done
}

// rows stores the rows in from <= y < to.
func (w *storing53) rows(from, to int) {
	height, odd := w.p.area.height(), w.p.area.y0&1
	n := w.low.height()
	m := height - n
	beforeIs, afterIs := -1, -1 // which high rows are in before and after
	high := func(i int, row []int32) {
		w.along(n+i, row)
	}
	first := max(0, (from-1-odd)/2) // the low row at from or above it
	for i := first; i < n && 2*i+odd <= to; i++ {
		at, b, a := 2*i+odd, max(0, i+odd-1), min(i+odd, m-1)
		if b == afterIs {
			w.before, w.after = w.after, w.before
			beforeIs, afterIs = afterIs, beforeIs
		}
		if b != beforeIs {
			high(b, w.before)
			beforeIs = b
		}
		after := w.after
		switch {
		case a == b:
			after = w.before
		case a != afterIs:
			high(a, w.after)
			afterIs = a
		}
		w.along(i, w.here)
		here, before := w.here, w.before
		after, before = after[:len(here)], before[:len(here)]
		for x, v := range here {
			here[x] = v - (before[x]+after[x]+2)>>2
		}
		if from <= at && at < to {
			w.put(at, here)
		}
		if y := at - 1; from <= y && y < to { // the high row before it
			above := w.above
			if i == 0 {
				above = here
			}
			w.between(y, before, above, here)
		}
		w.above, w.here = w.here, w.above
	}
	if y := height - 1; y&1 != odd && from <= y && y < to { // a high row is the last
		if afterIs != m-1 && beforeIs != m-1 {
			high(m-1, w.after)
		}
		last := w.after
		if beforeIs == m-1 {
			last = w.before
		}
		w.between(y, last, w.above, w.above)
	}
}

// along is row i of the plane, transformed along.
func (w *storing53) along(i int, out []int32) {
	in := w.p.ints[i*len(out):][:len(out)]
	if len(in) == 1 {
		if out[0] = in[0]; w.p.area.x0&1 == 1 {
			out[0] /= 2
		}
		return
	}
	interleave53(out, in, w.low.width(), w.p.area.x0&1)
}

// put stores a row.
func (w *storing53) put(y int, row []int32) {
	low, high, shift := w.limits()
	out := w.f.Pix[w.at+y*w.f.Width:][:len(row)]
	for x, v := range row {
		out[x] = uint16(max(low, min(high, v+shift)))
	}
}

// between stores a high row between two low ones.
func (w *storing53) between(y int, row, above, below []int32) {
	low, high, shift := w.limits()
	out := w.f.Pix[w.at+y*w.f.Width:][:len(row)]
	above, below = above[:len(row)], below[:len(row)]
	for x, v := range row {
		v += (above[x] + below[x]) >> 1
		out[x] = uint16(max(low, min(high, v+shift)))
	}
}
