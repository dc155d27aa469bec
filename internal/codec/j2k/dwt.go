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

// stripWidth is how many columns are transformed together: a cache line's worth
// several times over, few enough to stay in the cache.
const stripWidth = 64

// rowGroup is how many rows are.
const rowGroup = 64

// A wavelet transforms the resolutions of one tile-component. low is how many
// samples of a row, or rows of a strip, are low ones; odd is 1 if the first of the
// result is a high one.
type wavelet[T sample] struct {
	row     func(row, scratch []T, low, odd int)
	strip   func(buffer, scratch []T, stride, width, height, low, odd int)
	scratch []T // of one processor
}

var (
	reversible   = wavelet[int32]{row: row53, strip: strip53}
	irreversible = wavelet[float32]{row: row97, strip: strip97}
)

// inverse makes resolution area of the one below and its three subbands.
// stride is the buffer's.
func (w *wavelet[T]) inverse(buffer []T, stride int, area, low rectangle) {
	width, height := area.width(), area.height()
	if width == 0 || height == 0 {
		return
	}
	rows := func(own *wavelet[T], i int) {
		y := i * rowGroup
		own.rows(buffer[y*stride:], stride, min(rowGroup, height-y), area, low)
	}
	strips := func(own *wavelet[T], i int) {
		x := i * stripWidth
		n := min(stripWidth, width-x)
		own.strip(buffer[x:], own.room(n*height), stride, n, height, low.height(), area.y0&1)
	}
	for _, part := range []struct {
		n  int
		do func(own *wavelet[T], i int)
	}{{ceilDiv(height, rowGroup), rows}, {ceilDiv(width, stripWidth), strips}} {
		if width*height < worthParallel {
			for i := range part.n {
				part.do(w, i)
			}
			continue
		}
		parallel(part.n, func() func(i int) {
			own := &wavelet[T]{row: w.row, strip: w.strip}
			return func(i int) { part.do(own, i) }
		})
	}
}

// rows transforms rows.
func (w *wavelet[T]) rows(buffer []T, stride, height int, area, low rectangle) {
	scratch := w.room(area.width())
	for y := range height {
		w.row(buffer[y*stride:][:area.width()], scratch, low.width(), area.x0&1)
	}
}

// room gives n samples.
func (w *wavelet[T]) room(n int) []T {
	if cap(w.scratch) < n {
		w.scratch = make([]T, n)
	}
	return w.scratch[:n]
}

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
