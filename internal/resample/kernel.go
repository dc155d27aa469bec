package resample

import "math"

// A Kernel is how a pixel of the result is made of those of the source.
type Kernel int

// Kernels; package cxr documents them.
const (
	Area Kernel = iota
	Bilinear
	Cubic
	LegacyBilinear
	kernels
)

// Valid reports whether k is one of the kernels.
func (k Kernel) Valid() bool { return 0 <= k && k < kernels }

// A span is a weighted run of source pixels. Its weights add up to 1.
type span struct {
	first   int
	weights []float32
}

// spans is one span for each of the out pixels along an axis of in pixels.
//
// Here and below, conversions around products forbid fused multiply-adds,
// which round differently on other processors.
func (k Kernel) spans(in, out int) []span {
	scale := float64(in) / float64(out)
	s := make([]span, out)
	for i := range s {
		switch k {
		case Area:
			s[i] = areaSpan(i, in, scale)
		case Bilinear:
			s[i] = filterSpan(i, in, scale, 1, triangle)
		case Cubic:
			s[i] = filterSpan(i, in, scale, 2, keys)
		case LegacyBilinear:
			s[i] = legacySpan(i, in, out)
		}
	}
	return s
}

// areaSpan weighs each source pixel by how much of it the pixel covers.
func areaSpan(i, in int, scale float64) span {
	from, to := float64(float64(i)*scale), float64(float64(i+1)*scale)
	first := min(int(from), in-1)
	last := min(int(math.Ceil(to)), in)
	w := make([]float64, max(last-first, 1))
	for j := range w {
		x := float64(first + j)
		w[j] = max(math.Min(to, x+1)-math.Max(from, x), 0)
	}
	return normalized(first, w)
}

// filterSpan samples the filter f of the given radius around the pixel's
// center, stretched by the reduction so that it also blurs away what the
// result cannot show. At the edges what lies outside has no weight.
func filterSpan(i, in int, scale, radius float64, f func(float64) float64) span {
	var (
		stretch = max(scale, 1)
		center  = float64((float64(i) + 0.5) * scale)
		reach   = float64(radius * stretch)
		first   = max(int(center-reach+0.5), 0)
		last    = min(int(center+reach+0.5), in)
		w       = make([]float64, last-first)
	)
	for j := range w {
		w[j] = f((float64(first+j) + 0.5 - center) / stretch)
	}
	return normalized(first, w)
}

// triangle is linear interpolation.
func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

// keys is the cubic convolution kernel with a = -1/2 (Keys, 1981, IEEE
// Trans. ASSP 29(6), equation 15).
func keys(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64(float64(1.5*x)-2.5)*x*x) + 1
	case x < 2:
		return float64(float64(float64(float64(float64(-0.5*x)+2.5)*x)-4)*x) + 2
	}
	return 0
}

// legacySpan is the grid of TensorFlow 1: pixel i lies at i*in/out of the
// source, in float32, between two pixels at most.
func legacySpan(i, in, out int) span {
	x := float32(float32(i) * (float32(in) / float32(out)))
	first := min(int(x), in-1)
	if first == in-1 {
		return span{first, []float32{1}}
	}
	frac := x - float32(first)
	return span{first, []float32{1 - frac, frac}}
}

func normalized(first int, w []float64) span {
	var sum float64
	for _, v := range w {
		sum += v
	}
	s := span{first, make([]float32, len(w))}
	for j, v := range w {
		s.weights[j] = float32(v / sum)
	}
	return s
}
