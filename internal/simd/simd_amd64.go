package simd

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/cpu"
)

func detect() []Path {
	paths := []Path{Generic}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		paths = append(paths, AVX2)
		if cpu.X86.HasAVX512F && cpu.X86.HasBMI2 {
			paths = append(paths, AVX512)
		}
	}
	return paths
}

func detectBFloat16() bool { return slices.Contains(paths, AVX512) && cpu.X86.HasAVX512BF16 }

var (
	tiles256  = []tile{gemm256_1x16, gemm256_2x16, gemm256_3x16, gemm256_4x16, gemm256_5x16, gemm256_6x16}
	direct256 = []directTile{direct256_1x16, direct256_2x16, direct256_3x16, direct256_4x16, direct256_5x16, direct256_6x16}
)

var (
	slim512 = []tile{
		gemm512_1x16, gemm512_2x16, gemm512_3x16, gemm512_4x16, gemm512_5x16, gemm512_6x16,
		gemm512_7x16, gemm512_8x16, gemm512_9x16, gemm512_10x16, gemm512_11x16, gemm512_12x16,
	}
	slimDirect512 = []directTile{
		direct512_1x16, direct512_2x16, direct512_3x16, direct512_4x16, direct512_5x16, direct512_6x16,
		direct512_7x16, direct512_8x16, direct512_9x16, direct512_10x16, direct512_11x16, direct512_12x16,
	}
)

// setSlim chooses the tiles of AVX-512 for the last columns: vectors of 512 bits where
// the processor does as many of them at once as of 256, as most of Intel's do; else
// AVX2's tiles of two vectors in each row, which load less. Sums are the same. It takes
// some 50 microseconds, when the first matrix is packed.
func (l *loops) setSlim() {
	l.slim, l.slimDirect = tiles256, direct256
	if fusedTime(fused512) < fusedTime(fused256)*4/3 {
		l.slim, l.slimDirect = slim512, slimDirect512
	}
}

func init() {
	l := assembly[AVX512]
	l.settle = sync.OnceFunc(l.setSlim)
}

// fusedTime is the least time of a number of products.
func fusedTime(fused func(n int)) time.Duration {
	least := time.Hour
	for range 8 {
		start := time.Now()
		fused(500)
		least = min(least, time.Since(start))
	}
	return least
}

var assembly = []*loops{
	Generic: &none,
	AVX2: {
		path:  AVX2,
		width: 16,
		tiles: tiles256, direct: direct256,
		activation: [activations]func(*float32, int){
			Relu: rectify256, Sigmoid: sigmoid256, Swish: swish256, HardSigmoid: hardSigmoid256, HardSwish: hardSwish256, Gelu: gelu256, GeluTanh: geluTanh256,
		},
		arithmetic: [operations]func(_, _, _ *float32, _ int){Add: add256, Sub: sub256, Mul: mul256, Div: div256},
		scalar:     [operations]func(_, _ *float32, _ float32, _ int){Add: addScalar256, Sub: subScalar256, Mul: mulScalar256, Div: divScalar256},
		addRectify: addRectify256, maximum: maximum256, affine: affine256, affineRectify: affineRectify256,
		largest: largest256, total: total256, squares: squares256, exponentials: exponentials256, normalize: normalize256,
		depthwise1: depthwise256_1, depthwise2: depthwise256_2, depthwise3: depthwise256_3, depthwise4: depthwise256_4,
		winogradInput: winogradInput256, winogradOutput: winogradOutput256,
	},
	AVX512: {
		path:   AVX512,
		masked: true,
		width:  32,
		tiles: []tile{
			gemm512_1x32, gemm512_2x32, gemm512_3x32, gemm512_4x32, gemm512_5x32, gemm512_6x32,
			gemm512_7x32, gemm512_8x32, gemm512_9x32, gemm512_10x32, gemm512_11x32, gemm512_12x32,
		},
		direct: []directTile{
			direct512_1x32, direct512_2x32, direct512_3x32, direct512_4x32, direct512_5x32, direct512_6x32,
			direct512_7x32, direct512_8x32, direct512_9x32, direct512_10x32, direct512_11x32, direct512_12x32,
		},
		half: []tile{
			gemmHalf_1x32, gemmHalf_2x32, gemmHalf_3x32, gemmHalf_4x32, gemmHalf_5x32, gemmHalf_6x32,
			gemmHalf_7x32, gemmHalf_8x32, gemmHalf_9x32, gemmHalf_10x32, gemmHalf_11x32, gemmHalf_12x32,
		},
		activation: [activations]func(*float32, int){
			Relu: rectify512, Sigmoid: sigmoid512, Swish: swish512, HardSigmoid: hardSigmoid512, HardSwish: hardSwish512, Gelu: gelu512, GeluTanh: geluTanh512,
		},
		arithmetic: [operations]func(_, _, _ *float32, _ int){Add: add512, Sub: sub512, Mul: mul512, Div: div512},
		scalar:     [operations]func(_, _ *float32, _ float32, _ int){Add: addScalar512, Sub: subScalar512, Mul: mulScalar512, Div: divScalar512},
		addRectify: addRectify512, maximum: maximum512, affine: affine512, affineRectify: affineRectify512,
		largest: largest512, total: total512, squares: squares512, exponentials: exponentials512, normalize: normalize512,
		depthwise1: depthwise512_1, depthwise2: depthwise512_2, depthwise3: depthwise512_3, depthwise4: depthwise512_4,
		winogradInput: winogradInput512, winogradOutput: winogradOutput512,
	},
}

// toHalf rounds src into pairs of bfloat16, ties to even, with a zero after an
// odd one.
func toHalf(dst, src []float32) {
	words := halves(dst)
	n := len(src) &^ 31
	if n > 0 {
		toHalf512(&words[0], &src[0], n)
	}
	for i, v := range src[n:] {
		words[n+i] = round(v)
	}
	clear(words[len(src):])
}

// pairRows rounds n pairs of rows of src, step values apart, to rows of a panel of 32
// columns.
func pairRows(dst, src []float32, step, n, columns int) {
	_, _ = dst[32*n-1], src[(2*n-1)*step+columns-1]
	pairRows512(&dst[0], &src[0], 4*step, n, columns)
}
