// Package resample scales gray pictures by separable kernels.
//
// Sums are in float32, rows before columns, and rounded once, to the nearest
// integer with halves up. Results are the same on every machine and any number
// of cores.
package resample

import (
	"runtime"
	"sync"
)

// Gray scales src, row-major, inWidth x inHeight values of at most white, to
// outWidth x outHeight. Values are clipped to 0..white. All sizes must be
// positive, and match len(src).
func Gray(src []uint16, inWidth, inHeight, outWidth, outHeight int, white uint16, k Kernel) []uint16 {
	dst := make([]uint16, outWidth*outHeight)
	if inWidth == outWidth && inHeight == outHeight {
		copy(dst, src)
		return dst
	}
	s := scaler{
		src: src, dst: dst, width: inWidth,
		columns: k.spans(inWidth, outWidth),
		rows:    k.spans(inHeight, outHeight),
		white:   float32(white),
	}
	s.run()
	return dst
}

type scaler struct {
	src, dst      []uint16
	width         int    // of src
	columns, rows []span // of dst
	white         float32
}

// run shares the rows among the cores.
func (s *scaler) run() {
	workers := min(runtime.GOMAXPROCS(0), len(s.rows))
	var wg sync.WaitGroup
	for i := range workers {
		from, to := i*len(s.rows)/workers, (i+1)*len(s.rows)/workers
		wg.Go(func() {
			line := make([]float32, s.width)
			for y := from; y < to; y++ {
				s.blend(line, s.rows[y])
				s.scale(y, line)
			}
		})
	}
	wg.Wait()
}

// blend sums weighted rows of src into line.
func (s *scaler) blend(line []float32, rows span) {
	clear(line)
	for j, w := range rows.weights {
		at := (rows.first + j) * s.width
		row := s.src[at : at+s.width]
		line := line[:len(row)]
		for x := blendVectors(line, row, w); x < len(row); x++ {
			line[x] += float32(float32(row[x]) * w)
		}
	}
}

// scale makes row y of dst from line.
func (s *scaler) scale(y int, line []float32) {
	dst := s.dst[y*len(s.columns) : (y+1)*len(s.columns)]
	for x := range dst {
		c := &s.columns[x]
		in := line[c.first : c.first+len(c.weights)]
		var sum float32
		for j, w := range c.weights {
			sum += float32(in[j] * w)
		}
		dst[x] = uint16(min(max(sum+0.5, 0), s.white))
	}
}
