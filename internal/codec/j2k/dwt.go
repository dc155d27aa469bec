package j2k

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Inverse wavelet transforms (T.800 annex F). A buffer holds the subbands of a
// resolution apart: low ones first, high ones behind, in both directions. One
// step makes the next resolution of them, in place.

// A sample is a coefficient of the reversible or the irreversible path.
type sample interface{ int32 | float32 }

// A lifting undoes one level on interleaved lines: lines[i] are samples that
// run along the other direction. odd is 1 if the first is a high one.
type lifting[T sample] func(lines [][]T, odd int)

// stripWidth is how many columns are transformed together: a cache line's worth
// several times over, few enough to stay in the cache.
const stripWidth = 64

// A wavelet transforms the resolutions of one tile-component; each processor's
// keeps its scratch memory.
type wavelet[T sample] struct {
	lift lifting[T]
	// row transforms one row, strip a strip of columns, if that is quicker than
	// to lift lines.
	row     func(row, scratch []T, low, odd int)
	strip   func(buffer, scratch []T, stride, width, height, low, odd int)
	scratch []T
	lines   [][]T
}

// inverse makes resolution area of the one below and its three subbands.
// stride is the buffer's.
func (w *wavelet[T]) inverse(buffer []T, stride int, area, low rectangle) {
	width, height := area.width(), area.height()
	if width == 0 || height == 0 {
		return
	}
	if width*height < worthParallel {
		w.rows(buffer, stride, height, area, low)
		for x := 0; x < width; x += stripWidth {
			w.columns(buffer[x:], stride, min(stripWidth, width-x), height, low.height(), area.y0&1)
		}
		return
	}
	parallel(ceilDiv(height, rowGroup), func() func(i int) {
		own := wavelet[T]{lift: w.lift, row: w.row, strip: w.strip}
		return func(i int) {
			y := i * rowGroup
			own.rows(buffer[y*stride:], stride, min(rowGroup, height-y), area, low)
		}
	})
	parallel(ceilDiv(width, stripWidth), func() func(i int) {
		own := wavelet[T]{lift: w.lift, row: w.row, strip: w.strip}
		return func(i int) {
			x := i * stripWidth
			own.columns(buffer[x:], stride, min(stripWidth, width-x), height, low.height(), area.y0&1)
		}
	})
}

// rowGroup is how many rows are transformed together.
const rowGroup = 64

// worthParallel is from how many samples on a work is shared.
const worthParallel = 1 << 16

// parallel does n parts of a work on all processors, each of which has its own
// worker.
func parallel(n int, worker func() func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			do := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

// rows transforms each row: transposed in groups, so that lifting runs along
// lines here too.
func (w *wavelet[T]) rows(buffer []T, stride, height int, area, low rectangle) {
	width, n, odd := area.width(), low.width(), area.x0&1
	if w.row != nil {
		scratch := w.room(width)
		for y := range height {
			w.row(buffer[y*stride:][:width], scratch, n, odd)
		}
		return
	}
	const group = 16
	for y := 0; y < height; y += group {
		rows := min(group, height-y)
		lines := w.take(width, rows)
		all := w.scratch[:width*rows] // lines, one after another
		for r := range rows {
			row := buffer[(y+r)*stride:][:width]
			at := odd*rows + r
			for _, v := range row[:n] {
				all[at] = v
				at += 2 * rows
			}
			at = (1-odd)*rows + r
			for _, v := range row[n:] {
				all[at] = v
				at += 2 * rows
			}
		}
		w.lift(lines, odd)
		for r := range rows {
			row := buffer[(y+r)*stride:][:width]
			at := r
			for i := range row {
				row[i] = all[at]
				at += rows
			}
		}
	}
}

// columns transforms a strip of columns.
func (w *wavelet[T]) columns(buffer []T, stride, width, height, low, odd int) {
	if w.strip != nil {
		w.strip(buffer, w.room(width*height), stride, width, height, low, odd)
		return
	}
	lines := w.take(height, width)
	for i := range low {
		copy(lines[2*i+odd], buffer[i*stride:])
	}
	for i := range height - low {
		copy(lines[2*i+1-odd], buffer[(low+i)*stride:])
	}
	w.lift(lines, odd)
	for i, line := range lines {
		copy(buffer[i*stride:][:width], line)
	}
}

// room gives n samples.
func (w *wavelet[T]) room(n int) []T {
	if cap(w.scratch) < n {
		w.scratch = make([]T, n)
	}
	return w.scratch[:n]
}

// take gives n lines of the given length.
func (w *wavelet[T]) take(n, length int) [][]T {
	w.room(n * length)
	if cap(w.lines) < n {
		w.lines = make([][]T, n)
	}
	w.lines = w.lines[:n]
	for i := range w.lines {
		w.lines[i] = w.scratch[i*length : (i+1)*length : (i+1)*length]
	}
	return w.lines
}

// mirrored is line i, reflected at the ends (T.800 F.3.7).
func mirrored[T sample](lines [][]T, i int) []T {
	if i < 0 {
		i = -i
	}
	if i >= len(lines) {
		i = 2*(len(lines)-1) - i
	}
	return lines[i]
}

// lift53 is the reversible filter (T.800 F.3.8.2.1.1).
func lift53(lines [][]int32, odd int) {
	if len(lines) == 1 {
		if odd == 1 {
			for x := range lines[0] {
				lines[0][x] /= 2
			}
		}
		return
	}
	for i := odd; i < len(lines); i += 2 {
		a, b, c := mirrored(lines, i-1), mirrored(lines, i+1), lines[i]
		b, c = b[:len(a)], c[:len(a)]
		for x := range a {
			c[x] -= (a[x] + b[x] + 2) >> 2
		}
	}
	for i := 1 - odd; i < len(lines); i += 2 {
		a, b, c := mirrored(lines, i-1), mirrored(lines, i+1), lines[i]
		b, c = b[:len(a)], c[:len(a)]
		for x := range a {
			c[x] += (a[x] + b[x]) >> 1
		}
	}
}

// row53 is lift53 along a row whose low samples come first.
func row53(row, scratch []int32, n, odd int) {
	if len(row) == 1 {
		if odd == 1 {
			row[0] /= 2
		}
		return
	}
	copy(scratch, row)
	low, high := scratch[:n], scratch[n:len(row)]
	out := row[odd:]  // low samples are at its even places
	before := high[0] // the high sample before the low one
	if odd == 1 {
		high = high[1:]
	}
	last := int32(0) // low sample, transformed
	for i, v := range low {
		after := before
		if i < len(high) {
			after = high[i]
		}
		v -= (before + after + 2) >> 2
		out[2*i] = v
		if i == 0 {
			last = v
		}
		if at := odd + 2*i - 1; at >= 0 { // the high sample before it
			row[at] = before + (last+v)>>1
		}
		before, last = after, v
	}
	if len(high) >= len(low) && len(low) > 0 { // a high sample ends the row
		row[len(row)-1] = high[len(high)-1] + last
	}
}

// strip53 is lift53 down the columns of a strip whose low rows come first.
func strip53(buffer, scratch []int32, stride, width, height, low, odd int) {
	for y := range height {
		copy(scratch[y*width:][:width], buffer[y*stride:])
	}
	row := func(y int) []int32 { return buffer[y*stride:][:width] }
	high := func(i int) []int32 { return scratch[(low+i)*width:][:width] }
	if height == 1 {
		if odd == 1 {
			for x, v := range row(0) {
				row(0)[x] = v / 2
			}
		}
		return
	}
	for i := range low {
		at := 2*i + odd
		before, after := high(max(0, i+odd-1)), high(min(i+odd, height-low-1))
		in, out := scratch[i*width:][:width], row(at)
		before, after, out = before[:len(in)], after[:len(in)], out[:len(in)]
		if at == 0 {
			for x, v := range in {
				out[x] = v - (before[x]+after[x]+2)>>2
			}
			continue
		}
		between := row(at - 1)[:len(in)] // the high row before this one
		if at > 1 {
			above := row(at - 2)[:len(in)]
			for x, v := range in {
				h := before[x]
				v -= (h + after[x] + 2) >> 2
				out[x] = v
				between[x] = h + (above[x]+v)>>1
			}
			continue
		}
		for x, v := range in {
			h := before[x]
			v -= (h + after[x] + 2) >> 2
			out[x] = v
			between[x] = h + v
		}
	}
	if (height-1)&1 != odd { // a high row is the last
		h, above, out := high(height-low-1), row(height-2), row(height-1)
		for x := range out {
			out[x] = h[x] + above[x]
		}
	}
}

// Coefficients of the irreversible filter (T.800 table F.4). The high band's
// scale is OpenJPEG's 2/K, so that its subbands need no gain.
const (
	alpha     = float32(-1.586134342)
	beta      = float32(-0.052980118)
	gamma     = float32(0.882911075)
	delta     = float32(0.443506852)
	lowScale  = float32(1.230174105)
	highScale = float32(1.625732422)
)

// lift97 is the irreversible filter (T.800 F.3.8.2.1.2).
func lift97(lines [][]float32, odd int) {
	if len(lines) == 1 {
		return
	}
	for i, line := range lines {
		k := lowScale
		if (i+odd)&1 == 1 {
			k = highScale
		}
		for x := range line {
			line[x] *= k
		}
	}
	step := func(from int, k float32) {
		for i := from; i < len(lines); i += 2 {
			a, b, c := mirrored(lines, i-1), mirrored(lines, i+1), lines[i]
			b, c = b[:len(a)], c[:len(a)]
			for x := range a {
				c[x] -= float32((a[x] + b[x]) * k) // not fused: the same on every machine
			}
		}
	}
	step(odd, delta)
	step(1-odd, gamma)
	step(odd, beta)
	step(1-odd, alpha)
}
