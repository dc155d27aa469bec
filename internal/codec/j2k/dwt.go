package j2k

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

// A wavelet transforms the resolutions of one tile-component; it keeps its
// scratch memory.
type wavelet[T sample] struct {
	lift    lifting[T]
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
	w.rows(buffer, stride, area, low)
	for x := 0; x < width; x += stripWidth {
		w.columns(buffer[x:], stride, min(stripWidth, width-x), height, low.height(), area.y0&1)
	}
}

// rows transforms each row: transposed in groups, so that lifting runs along
// lines here too.
func (w *wavelet[T]) rows(buffer []T, stride int, area, low rectangle) {
	width, n, odd := area.width(), low.width(), area.x0&1
	const group = 16
	for y := 0; y < area.height(); y += group {
		rows := min(group, area.height()-y)
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

// take gives n lines of the given length.
func (w *wavelet[T]) take(n, length int) [][]T {
	if cap(w.scratch) < n*length {
		w.scratch = make([]T, n*length)
	}
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
