package simd

// MaxPool takes the largest value of each channel in each window; padding is
// no value. NaN is larger than any number, on every path.
func MaxPool(dst, src []float32, in Shape, w Window) {
	larger := Maximum
	if hasNaN(src[:in.Len()]) { // which instructions keep or lose by their place
		larger = maximumOrNaN
	}
	w.each(in, func(p int, first bool, from int) {
		out, pixel := dst[p*in.Channels:][:in.Channels], src[from:][:in.Channels]
		if first {
			copy(out, pixel)
		} else {
			larger(out, out, pixel)
		}
	})
}

// hasNaN reports whether there may be NaN among the values: their sum tells, and
// that of opposite infinities too.
func hasNaN(x []float32) bool {
	var sum float32
	n := current.reach(len(x))
	if n > 0 {
		sum = current.total(&x[0], n)
	}
	for _, v := range x[n:] {
		sum += v
	}
	return sum != sum
}

func maximumOrNaN(dst, a, b []float32) {
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

// A Padding is what of the padding around a feature map counts as zeros in a
// mean.
type Padding struct {
	Top, Left, Bottom, Right int
	Sum                      bool // no mean at all, but the sum
}

// AveragePool takes the mean of each channel in each window.
func AveragePool(dst, src []float32, in Shape, w Window, counted Padding) {
	if w.Height == in.Height && w.Width == in.Width && w.DilationY == 1 && w.DilationX == 1 && w.Top|w.Left|w.Bottom|w.Right == 0 {
		sumPixels(dst[:in.Channels], src[:in.Len()])
	} else {
		w.each(in, func(p int, first bool, from int) {
			out, pixel := dst[p*in.Channels:][:in.Channels], src[from:][:in.Channels]
			if first {
				copy(out, pixel)
			} else {
				Add.Vectors(out, out, pixel)
			}
		})
	}
	if counted.Sum {
		return
	}
	height, width := w.Out(in)
	for p := range height * width {
		y0, y1 := reach(p/width*w.StrideY-w.Top+counted.Top, w.Height, w.DilationY, counted.Top+in.Height+counted.Bottom)
		x0, x1 := reach(p%width*w.StrideX-w.Left+counted.Left, w.Width, w.DilationX, counted.Left+in.Width+counted.Right)
		out := dst[p*in.Channels:][:in.Channels]
		Div.Scalar(out, out, float32((y1-y0)*(x1-x0)))
	}
}

// sumPixels adds up pixels of as many channels as dst has, several at once where
// they are few.
func sumPixels(dst, src []float32) {
	var sums [512]float32
	channels := len(dst)
	row := max(1, min(len(sums), len(src))/channels) * channels
	if row == channels {
		copy(dst, src)
		for src = src[channels:]; len(src) > 0; src = src[channels:] {
			Add.Vectors(dst, dst, src[:channels])
		}
		return
	}
	all := sums[:row]
	copy(all, src)
	for src = src[row:]; len(src) > 0; src = src[min(row, len(src)):] {
		some := src[:min(row, len(src))]
		Add.Vectors(all[:len(some)], all[:len(some)], some)
	}
	copy(dst, all)
	for all = all[channels:]; len(all) > 0; all = all[channels:] {
		Add.Vectors(dst, dst, all[:channels])
	}
}

// Reaches reports whether every place of the window holds some of the input, not
// padding alone.
func (w Window) Reaches(in Shape) bool {
	height, width := w.Out(in)
	for y := range height {
		if first, end := reach(y*w.StrideY-w.Top, w.Height, w.DilationY, in.Height); first == end {
			return false
		}
	}
	for x := range width {
		if first, end := reach(x*w.StrideX-w.Left, w.Width, w.DilationX, in.Width); first == end {
			return false
		}
	}
	return true
}

// each calls f for every output pixel and every input pixel in its window, whose
// place it tells. Windows must reach it ([Window.Reaches]).
func (w Window) each(in Shape, f func(p int, first bool, from int)) {
	height, width := w.Out(in)
	for p := range height * width {
		y, x := p/width*w.StrideY-w.Top, p%width*w.StrideX-w.Left
		y0, y1 := reach(y, w.Height, w.DilationY, in.Height)
		x0, x1 := reach(x, w.Width, w.DilationX, in.Width)
		for ky := y0; ky < y1; ky++ {
			for kx := x0; kx < x1; kx++ {
				f(p, ky == y0 && kx == x0, ((y+ky*w.DilationY)*in.Width+x+kx*w.DilationX)*in.Channels)
			}
		}
	}
}
