package kernel

// MaxPool takes the largest value of each channel in each window; padding is
// no value.
func MaxPool(dst, src []float32, in Shape, w Window) {
	w.each(in, func(p int, first bool, from int) {
		out, pixel := dst[p*in.Channels:][:in.Channels], src[from:][:in.Channels]
		if first {
			copy(out, pixel)
		} else {
			Maximum(out, out, pixel)
		}
	})
}

// AveragePool takes the mean of each channel in each window. Padding counts as
// zeros if padded is set, and as nothing otherwise.
func AveragePool(dst, src []float32, in Shape, w Window, padded bool) {
	w.each(in, func(p int, first bool, from int) {
		out, pixel := dst[p*in.Channels:][:in.Channels], src[from:][:in.Channels]
		if first {
			copy(out, pixel)
		} else {
			Add.Vectors(out, out, pixel)
		}
	})
	height, width := w.Out(in)
	for p := range height * width {
		n := w.Height * w.Width
		if !padded {
			y0, y1 := reach(p/width*w.StrideY-w.Top, w.Height, w.DilationY, in.Height)
			x0, x1 := reach(p%width*w.StrideX-w.Left, w.Width, w.DilationX, in.Width)
			n = (y1 - y0) * (x1 - x0)
		}
		out := dst[p*in.Channels:][:in.Channels]
		Div.Scalar(out, out, float32(n))
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
