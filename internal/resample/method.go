package resample

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/parallel"
)

// A Filter is a shape of weights around the place that is looked at.
type Filter int

// Filters, by the names that programs have for them.
const (
	Nearest Filter = iota
	Box
	Linear
	Hamming
	CubicHalf // cubic convolution with a = -1/2
	Lanczos
	CubicThree // cubic convolution with a = -3/4
)

// A Program is one whose arithmetic is repeated.
type Program int

// Programs. Only Pillow and Torch blur away what a smaller picture cannot show,
// and OpenCV with Box.
const (
	Pillow     Program = iota // up to version 12: rows are scaled before columns
	Torch                     // interpolate of PyTorch with antialias, as torchvision's tensors
	TorchPlain                // the same without antialias
	OpenCV
	TensorFlow1 // resize_bilinear with half_pixel_centers=False, align_corners=False
	ScikitImage // transform.resize, order 1, mode constant, which blurs by a Gauss filter first
)

// A Method is how another program scales gray pictures.
type Method struct {
	Program Program
	Filter  Filter
}

// A tap is a weighted run of source pixels, in float64.
type tap struct {
	first   int
	weights []float64
}

// taps is one for each of the out pixels along an axis of in pixels.
func (m Method) taps(in, out int) []tap {
	t := make([]tap, out)
	scale := float64(in) / float64(out)
	for i := range t {
		switch {
		case m.Filter == Nearest:
			t[i] = tap{m.nearest(i, in, scale), []float64{1}}
		case m.Program == TensorFlow1:
			s := legacySpan(i, in, out)
			t[i] = tap{first: s.first}
			for _, w := range s.weights {
				t[i].weights = append(t[i].weights, float64(w))
			}
		case m.Program == OpenCV && m.Filter == Box:
			t[i] = coverage(i, in, scale)
		case m.Program == Pillow || m.Program == Torch:
			t[i] = m.Filter.stretched(i, in, scale)
		default:
			t[i] = m.Filter.between(i, in, scale)
		}
	}
	return t
}

// nearest is a source pixel: of the middle in Pillow, of the upper left corner in
// PyTorch and OpenCV.
func (m Method) nearest(i, in int, scale float64) int {
	x := float64(i) * scale
	if m.Program == Pillow {
		x += 0.5 * scale
	}
	return min(int(x), in-1)
}

// coverage is areaSpan in float64.
func coverage(i, in int, scale float64) tap {
	from, to := float64(float64(i)*scale), float64(float64(i+1)*scale)
	first := min(int(from), in-1)
	last := min(int(math.Ceil(to-1e-9)), in)
	w := make([]float64, max(last-first, 1))
	for j := range w {
		x := float64(first + j)
		w[j] = max(math.Min(to, x+1)-math.Max(from, x), 0)
	}
	return tap{first, unit(w)}
}

// stretched is filterSpan in float64: the filter is as wide as a pixel of the
// result, and what lies outside has no weight.
func (f Filter) stretched(i, in int, scale float64) tap {
	radius, weight := f.shape()
	stretch := max(scale, 1)
	center := (float64(i) + 0.5) * scale
	reach := radius * stretch
	first := max(int(center-reach+0.5), 0)
	last := min(int(center+reach+0.5), in)
	w := make([]float64, max(last-first, 1))
	for j := range w {
		w[j] = weight((float64(first+j) - center + 0.5) / stretch)
	}
	return tap{first, unit(w)}
}

// between weighs the pixels around a place, however small the result is; pixels
// outside are those of the edge.
func (f Filter) between(i, in int, scale float64) tap {
	radius, weight := f.shape()
	reach := int(radius)
	x := (float64(i)+0.5)*scale - 0.5
	if f == Linear {
		x = min(max(x, 0), float64(in-1))
	}
	base := int(math.Floor(x))
	first, last := max(base-reach+1, 0), min(base+reach, in-1)
	first, last = min(first, in-1), max(last, 0)
	w := make([]float64, last-first+1)
	for k := base - reach + 1; k <= base+reach; k++ {
		w[min(max(k, first), last)-first] += weight(float64(k) - x)
	}
	return tap{first, unit(w)}
}

// shape is a filter's radius and weight at a distance.
func (f Filter) shape() (radius float64, weight func(x float64) float64) {
	switch f {
	case Box:
		return 0.5, func(x float64) float64 {
			if x > -0.5 && x <= 0.5 {
				return 1
			}
			return 0
		}
	case Hamming:
		return 1, func(x float64) float64 {
			switch x = math.Abs(x); {
			case x == 0:
				return 1
			case x >= 1:
				return 0
			}
			return sinc(x) * (0.54 + 0.46*math.Cos(x*math.Pi))
		}
	case CubicHalf:
		return 2, convolution(-0.5)
	case CubicThree:
		return 2, convolution(-0.75)
	case Lanczos:
		return 3, func(x float64) float64 {
			if x < -3 || x >= 3 {
				return 0
			}
			return sinc(x) * sinc(x/3)
		}
	}
	return 1, triangle
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// convolution is cubic convolution of any a (Keys, 1981).
func convolution(a float64) func(x float64) float64 {
	return func(x float64) float64 {
		x = math.Abs(x)
		switch {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return (((x-5)*x+8)*x - 4) * a
		}
		return 0
	}
}

// unit divides weights by their sum.
func unit(w []float64) []float64 {
	var sum float64
	for _, v := range w {
		sum += v
	}
	if sum == 0 {
		return w
	}
	for j := range w {
		w[j] /= sum
	}
	return w
}

// Floats scales a picture of floats as the program scales its floats. outside is
// the value beyond the edges, which ScikitImage alone looks at.
func (m Method) Floats(src []float32, inWidth, inHeight, outWidth, outHeight int, outside float32) []float32 {
	if inWidth == outWidth && inHeight == outHeight {
		return slices.Clone(src)
	}
	if m.Program == ScikitImage {
		low, high := slices.Min(src), slices.Max(src)
		src = blurred(src, inWidth, inHeight, outWidth, outHeight, outside)
		src = interpolated(src, inWidth, inHeight, outWidth, outHeight, outside)
		for i, v := range src {
			src[i] = min(max(v, low), high)
		}
		return src
	}
	if inWidth != outWidth {
		src = acrossFloats(src, inWidth, m.taps(inWidth, outWidth))
	}
	if inHeight != outHeight {
		src = downFloats(src, outWidth, m.taps(inHeight, outHeight))
	}
	return src
}

func acrossFloats(src []float32, width int, taps []tap) []float32 {
	dst := make([]float32, len(src)/width*len(taps))
	parallel.Each(len(src)/width, func(y int) {
		row, out := src[y*width:(y+1)*width], dst[y*len(taps):(y+1)*len(taps)]
		for x := range out {
			t := &taps[x]
			in := row[t.first : t.first+len(t.weights)]
			var sum float64
			for j, w := range t.weights {
				sum += float64(float64(in[j]) * w)
			}
			out[x] = float32(sum)
		}
	})
	return dst
}

func downFloats(src []float32, width int, taps []tap) []float32 {
	dst := make([]float32, width*len(taps))
	parallel.Each(len(taps), func(y int) {
		line := make([]float64, width)
		t := &taps[y]
		for j, w := range t.weights {
			row := src[(t.first+j)*width:][:width]
			for x, v := range row {
				line[x] += float64(float64(v) * w)
			}
		}
		for x, v := range line {
			dst[y*width+x] = float32(v)
		}
	})
	return dst
}
