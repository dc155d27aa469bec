package simd

// loops are the inner loops of one path, in assembly. Functions take pointers
// to the first of n values, as the generator documents; the caller answers for
// the lengths.
type loops struct {
	path   Path
	masked bool // any n will do, else multiples of 8 only
	width  int  // columns of a tile of a matrix product
	tiles  []tile
	slim   []tile // of half the width, for a last panel that would be zeros by half; nil: none
	settle func() // sets slim and slimDirect, if that takes a measurement; nil: they are set
	half   []tile // of pairs of bfloat16; nil: none

	direct, slimDirect []directTile // as tiles and slim; nil: none

	activation [activations]func(x *float32, n int)
	arithmetic [operations]func(dst, a, b *float32, n int)
	scalar     [operations]func(dst, a *float32, b float32, n int)

	addRectify, maximum   func(dst, a, b *float32, n int)
	affine, affineRectify func(dst, src, scale, shift *float32, n int)

	largest, total func(x *float32, n int) float32
	squares        func(x *float32, mean float32, n int) float32
	exponentials   func(dst, src *float32, shift float32, n int) float32
	normalize      func(dst, src, gamma, beta *float32, mean, scale float32, n int)

	depthwise1, depthwise2, depthwise3, depthwise4 depthwise // of so many pixels; 2, 3 and 4 may be nil

	winogradInput  func(dst, src, scratch *float32, rowStep, pixelStep, dstStep, n int)
	winogradOutput func(dst, src, bias, scratch *float32, rowStep, pixelStep, srcStep, n int)
}

// A tile multiplies as many rows as its place among the tiles tells, from 1.
type tile func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, lds int)

type depthwise func(out, bias, x, w *float32, xOffsets, wOffsets *int, taps, xStep, outStep, n int)

// none stands for a path without assembly.
var none = loops{width: genericColumns}

// reach is how many of n values the assembly can do; Go does the rest.
func (l *loops) reach(n int) int {
	switch {
	case l == &none:
		return 0
	case l.masked:
		return n
	}
	return n &^ 7
}
