package simd

import (
	"math"
	"unsafe"
)

//go:generate sh -c "cd asmgen && go run ./int8 -out ../int8_amd64.s -stubs ../int8_stubs_amd64.go -pkg simd"

// byteLoops are the inner loops on bytes of one path, as the generator documents
// them.
type byteLoops struct {
	name  string
	dots  []dot       // of as many rows as the place tells, from 1
	width int         // columns of a dot
	unit  *matrixUnit // in place of dots; nil: none

	signed bool // dots are of the first factor less 128

	requantize func(dst *uint8, ldd int, sums *int32, rows int, scale *float32, low, high, zero float32)
	rescale    func(dst *float32, ldd int, sums *int32, rows int, scale, bias *float32)
	quantize   func(dst *uint8, src *float32, n int, scale, low, high, zero float32)
	widen      func(dst *float32, src *uint8, n int, scale, zero float32)
	snap       func(dst, src *float32, n int, scale, low, high float32)
	add        func(dst, a, b *uint8, n int, scaleA, zeroA, scaleB, zeroB, scale, low, high, zero float32)
	extremes   func(x *float32, n int) (low, high float32)
	maximum    func(dst, a, b *uint8, n int)
}

type dot func(k int, a *uint8, lda int, b *int8, c, start *int32, lds int)

// IntegerPath is what products of bytes run on.
func IntegerPath() string {
	if l := byteKernels(); l != nil {
		return l.name
	}
	return "Go"
}

// Bytes is the bytes that lie, four by four, in the places of float32.
func Bytes(words []float32) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(words))), 4*len(words))
}

// Integers is the int32 that lie in the places of float32.
func Integers(words []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(words))), len(words))
}

// A Grid tells what bytes stand for: (byte - Zero) * Scale.
type Grid struct {
	Scale float32
	Zero  int32
}

// Limits are bytes that values are kept between.
type Limits struct{ Low, High int32 }

// AllBytes are no limits.
var AllBytes = Limits{0, 255}

// about is the limits less the zero point.
func (l Limits) about(zero int32) (low, high float32) {
	return float32(l.Low - zero), float32(l.High - zero)
}

// nearest is a value, limited and rounded, ties to even; a NaN is the low limit.
func nearest(v, low, high float32) int32 {
	if !(v > low) {
		v = low
	}
	return int32(math.RoundToEven(float64(min(v, high))))
}

const atOnce = 32 // bytes that the loops do at once

// assembled is the loops of the path and how many of n values they do; Go does the
// rest.
func assembled(n int) (*byteLoops, int) {
	l := byteKernels()
	if l == nil {
		return nil, 0
	}
	return l, n &^ (atOnce - 1)
}

// Quantize sets dst to round(src/Scale) + Zero, within the limits.
func (g Grid) Quantize(dst []uint8, src []float32, l Limits) {
	dst = dst[:len(src)]
	low, high := l.about(g.Zero)
	loops, n := assembled(len(src))
	if n > 0 {
		loops.quantize(&dst[0], &src[0], n, g.Scale, low, high, float32(g.Zero))
	}
	for i, v := range src[n:] {
		dst[n+i] = uint8(nearest(v/g.Scale, low, high) + g.Zero)
	}
}

// Widen sets dst to what the bytes of src stand for.
func (g Grid) Widen(dst []float32, src []uint8) {
	dst = dst[:len(src)]
	loops, n := assembled(len(src))
	if n > 0 {
		loops.widen(&dst[0], &src[0], n, g.Scale, float32(g.Zero))
	}
	for i, v := range src[n:] {
		dst[n+i] = float32(int32(v)-g.Zero) * g.Scale
	}
}

// Snap sets dst to src, quantized and taken back.
func (g Grid) Snap(dst, src []float32) {
	dst = dst[:len(src)]
	low, high := AllBytes.about(g.Zero)
	loops, n := assembled(len(src))
	if n > 0 {
		loops.snap(&dst[0], &src[0], n, g.Scale, low, high)
	}
	for i, v := range src[n:] {
		dst[n+i] = float32(nearest(v/g.Scale, low, high)) * g.Scale
	}
}

// AddBytes sets dst to the sums of what a and b stand for, on g's grid, within the
// limits.
func (g Grid) AddBytes(dst, a, b []uint8, ga, gb Grid, l Limits) {
	a, b = a[:len(dst)], b[:len(dst)]
	low, high := l.about(g.Zero)
	loops, n := assembled(len(dst))
	if n > 0 {
		loops.add(&dst[0], &a[0], &b[0], n, ga.Scale, float32(ga.Zero), gb.Scale, float32(gb.Zero), g.Scale, low, high, float32(g.Zero))
	}
	for i := n; i < len(dst); i++ {
		x := float32(float32(int32(a[i])-ga.Zero) * ga.Scale)
		y := float32(float32(int32(b[i])-gb.Zero) * gb.Scale)
		dst[i] = uint8(nearest((x+y)/g.Scale, low, high) + g.Zero)
	}
}

// Extremes are the smallest and the largest of some values and 0; NaN is none.
func Extremes(x []float32) (low, high float32) {
	loops, n := assembled(len(x))
	if n > 0 {
		low, high = loops.extremes(&x[0], n)
	}
	for _, v := range x[n:] {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	return low, high
}

// MaxPoolBytes is MaxPool of bytes; every window reaches the map.
func MaxPoolBytes(dst, src []uint8, in Shape, w Window) {
	height, width := w.Out(in)
	ch := in.Channels
	for y := range height {
		for x := range width {
			out := dst[:ch]
			dst = dst[ch:]
			first := true
			for ky := range w.Height {
				iy := y*w.StrideY - w.Top + ky*w.DilationY
				if iy < 0 || iy >= in.Height {
					continue
				}
				for kx := range w.Width {
					ix := x*w.StrideX - w.Left + kx*w.DilationX
					if ix < 0 || ix >= in.Width {
						continue
					}
					from := src[(iy*in.Width+ix)*ch:][:ch]
					if first {
						copy(out, from)
						first = false
						continue
					}
					largerBytes(out, from)
				}
			}
		}
	}
}

// largerBytes sets dst to the larger of itself and other.
func largerBytes(dst, other []uint8) {
	loops, n := assembled(len(dst))
	if n > 0 {
		loops.maximum(&dst[0], &dst[0], &other[0], n)
	}
	for i, v := range other[n:] {
		dst[n+i] = max(dst[n+i], v)
	}
}
