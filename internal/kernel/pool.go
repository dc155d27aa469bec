package kernel

import "math"

// MaxPool takes the largest value of each channel in each window; padding is
// no value.
func MaxPool(dst, src []float32, in Shape, w Window) {
	w.each(in, func(p int, pixels []int) {
		out := dst[p*in.Channels:][:in.Channels]
		for ch := range out {
			out[ch] = float32(math.Inf(-1))
		}
		for _, at := range pixels {
			for ch, v := range src[at:][:in.Channels] {
				out[ch] = max(out[ch], v)
			}
		}
	})
}

// AveragePool takes the mean of each channel in each window. Padding counts as
// zeros if padded is set, and as nothing otherwise.
func AveragePool(dst, src []float32, in Shape, w Window, padded bool) {
	w.each(in, func(p int, pixels []int) {
		out := dst[p*in.Channels:][:in.Channels]
		clear(out)
		for _, at := range pixels {
			Add(out, src[at:][:in.Channels], None)
		}
		n := len(pixels)
		if padded {
			n = w.Height * w.Width
		}
		for ch := range out {
			out[ch] /= float32(n)
		}
	})
}

// each calls f for each output pixel with the places of the input pixels in its
// window.
func (w Window) each(in Shape, f func(p int, pixels []int)) {
	height, width := w.Out(in)
	pixels := make([]int, 0, w.Height*w.Width)
	for p := range height * width {
		y0, x0 := p/width*w.StrideY-w.Top, p%width*w.StrideX-w.Left
		pixels = pixels[:0]
		for ky := range w.Height {
			y := y0 + ky*w.DilationY
			if y < 0 || y >= in.Height {
				continue
			}
			for kx := range w.Width {
				if x := x0 + kx*w.DilationX; x >= 0 && x < in.Width {
					pixels = append(pixels, (y*in.Width+x)*in.Channels)
				}
			}
		}
		f(p, pixels)
	}
}
