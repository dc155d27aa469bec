package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// beside runs what makes values with every path and compares with those of Go.
// Values are written into memory that begins at every place of a vector, and
// nothing around it may change.
func beside(t *testing.T, what string, n int, size float64, run func(dst []float32)) {
	t.Helper()
	var want []float32
	for _, p := range Paths() {
		restore := Use(p)
		guard, room := newCanary(n + 3)
		for from := range 4 {
			dst := room[from:][:n:n]
			run(dst)
			if want == nil {
				want = slices.Clone(dst)
			}
			for i, v := range dst {
				if !near(v, want[i], size) {
					t.Fatalf("%s, %v, %d values from %d: value %d is %v, %v in Go", what, p, n, from, i, v, want[i])
				}
			}
			for i := range room {
				if (i < from || i >= from+n) && room[i] != mark {
					t.Fatalf("%s, %v, %d values from %d: wrote beside them", what, p, n, from)
				}
				room[i] = mark
			}
		}
		guard.check(t)
		restore()
	}
}

// Vectors of every length up to 70, wherever they begin, are done as in Go.
func TestEveryLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for n := range 71 {
		room := [4][]float32{}
		for i := range room {
			room[i] = random(rng, n+i)[i:] // each begins elsewhere
		}
		a, b, gamma, beta := room[0], room[1], room[2], room[3]
		for f := Relu; f <= Sqrt; f++ {
			beside(t, fmt.Sprint("activation ", f), n, 1, func(dst []float32) {
				copy(dst, a)
				if f == Sqrt {
					Mul.Vectors(dst, a, a)
				}
				f.Apply(dst)
			})
		}
		for o := range operations {
			beside(t, fmt.Sprint("operation ", o), n, 1, func(dst []float32) {
				copy(dst, b)
				Add.Scalar(dst, dst, 5)
				o.Vectors(dst, a, dst)
			})
			beside(t, fmt.Sprint("operation with a number ", o), n, 1, func(dst []float32) { o.Scalar(dst, a, 1.7) })
		}
		beside(t, "maximum", n, 0, func(dst []float32) { Maximum(dst, a, b) })
		for _, f := range []Activation{None, Relu, Swish} {
			beside(t, "sum", n, 3, func(dst []float32) { AddThen(dst, a, b, f) })
			beside(t, "affine", n, 3, func(dst []float32) { Affine(dst, a, b, gamma, f) })
		}
		if n > 0 {
			beside(t, "softmax", n, 1, func(dst []float32) { Softmax(dst, a) })
			beside(t, "layer norm", n, 10, func(dst []float32) { LayerNorm(dst, a, gamma, beta, 1e-3) })
		}
	}
}

// Products of every height up to a tile and more, every width up to 70, and
// depths about those that are unrolled, with rows apart.
func TestEveryProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for n := 1; n <= 70; n++ {
		m, k := n%27, []int{1, 2, 3, 4, 5, 6, 7, 8, 11, 70, 515}[n%11]
		lda, ldc := k+n%3, n+n%4
		a, b, bias := random(rng, m*lda), random(rng, k*n), random(rng, n)
		beside(t, fmt.Sprintf("%d x %d x %d", m, k, n), max(0, (m-1)*ldc+n), float64(k), func(dst []float32) {
			fill(dst)
			p := Pack(k, n, b, n, 1, bias, Single)
			Gemm(dst, ldc, a, lda, m, p, None)
		})
		scratch := make([]float32, DynamicScratch(k, n))
		tight, turned := random(rng, m*k), turned(b, k, n)
		beside(t, fmt.Sprintf("%d x %d x %d, turned", m, k, n), m*n, float64(k), func(dst []float32) {
			GemmStrided(dst, tight, turned, m, k, n, 1, k, scratch, Single)
		})
	}
}

// fill marks what a product leaves alone between its rows.
func fill(dst []float32) {
	for i := range dst {
		dst[i] = 7
	}
}

// Convolutions of every kind with every number of channels that is not of whole
// vectors, of odd strides and windows, and pooling.
func TestEveryChannels(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 8))
	window := func(size, stride int) Window {
		return Window{Height: size, Width: size, StrideY: stride, StrideX: stride, DilationY: 1, DilationX: 1, Top: size / 2, Left: size / 2, Bottom: size / 2, Right: size / 2}
	}
	for channels := 1; channels <= 70; channels++ {
		in := Shape{10, 9, channels} // nine tiles of Winograd's
		src := random(rng, in.Len())
		conv := func(what string, out, groups int, w Window) {
			weights, bias := random(rng, out*channels/groups*w.Height*w.Width), random(rng, out)
			height, width := w.Out(in)
			size := 4 * float64(channels/groups*w.Height*w.Width)
			beside(t, fmt.Sprint(what, " of channels ", channels), height*width*out, size, func(dst []float32) {
				c := NewConv(in, out, groups, w, weights, bias, Single)
				c.Run(dst, src, make([]float32, c.Scratch()), Relu)
			})
		}
		conv("depthwise", channels, channels, window(3, 1+channels%2))
		if channels%3 == 0 {
			conv("groups", 2*channels/3, channels/3, window(3, 2))
			conv("pointwise", 71-channels, 1, window(1, 1+channels%2))
			conv("patches", 5, 1, window(5, 3))
		}
		if channels >= 16 && channels%3 == 1 {
			conv("3x3", 86-channels, 1, window(3, 1))
		}
		w := window(3, 2)
		height, width := w.Out(in)
		beside(t, "largest of channels", height*width*channels, 0, func(dst []float32) { MaxPool(dst, src, in, w) })
		beside(t, "mean of channels", height*width*channels, 1, func(dst []float32) { AveragePool(dst, src, in, w, Padding{}) })
	}
}
