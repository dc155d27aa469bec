package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// onEveryPath runs a test with each path this processor has.
func onEveryPath(t *testing.T, f func(t *testing.T)) {
	for _, p := range Paths() {
		t.Run(p.String(), func(t *testing.T) {
			defer Use(p)()
			f(t)
		})
	}
}

func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// canary surrounds a slice with values that nobody may change.
type canary struct{ all []float32 }

const mark = 12345.5

func newCanary(n int) (canary, []float32) {
	c := canary{make([]float32, n+64)}
	for i := range c.all {
		c.all[i] = mark
	}
	return c, c.all[32 : 32+n : 32+n]
}

func (c canary) check(t *testing.T) {
	t.Helper()
	for i := range 32 {
		if c.all[i] != mark || c.all[len(c.all)-1-i] != mark {
			t.Fatal("wrote outside its memory")
		}
	}
}

func near(a, b float32, size float64) bool { return math.Abs(float64(a-b)) <= 1e-6*(size+1) }

func TestGemm(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range [][3]int{{1, 1, 1}, {13, 7, 33}, {6, 16, 16}, {12, 32, 32}, {100, 19, 48}, {97, 64, 70}, {5, 1, 100}, {3, 200, 17}, {250, 3, 5}, {30, 1100, 40}, {49, 513, 17}} {
			m, k, n := s[0], s[1], s[2]
			lda, ldc := k+rng.IntN(3), n+rng.IntN(3)
			a, b, bias := random(rng, m*lda), random(rng, k*n), random(rng, n)
			packed := Pack(k, n, b, n, 1, bias, Single)
			guard, c := newCanary((m-1)*ldc + n)
			Gemm(c, ldc, a, lda, m, packed, Relu)
			guard.check(t)
			shared := slices.Clone(c)
			for i := range 3 {
				GemmPart(shared, ldc, a, lda, m, packed, Relu, Part{i, 3})
			}
			if !slices.Equal(shared, c) {
				t.Fatalf("%v: three shares differ from the whole", s)
			}
			for i := range m {
				for j := range n {
					want := float64(bias[j])
					for r := range k {
						want += float64(a[i*lda+r]) * float64(b[r*n+j])
					}
					if want < 0 {
						want = 0
					}
					if !near(c[i*ldc+j], float32(want), float64(k)) {
						t.Fatalf("%v: element (%d, %d) is %v, want %v", s, i, j, c[i*ldc+j], want)
					}
				}
				for j := n; j < ldc && i+1 < m; j++ {
					if c[i*ldc+j] != mark {
						t.Fatalf("%v: wrote between rows", s)
					}
				}
			}
		}
	})
}

func TestConv(t *testing.T) {
	type test struct {
		in               Shape
		channels, groups int
		w                Window
	}
	one := func(k, stride, pad int) Window {
		return Window{Height: k, Width: k, StrideY: stride, StrideX: stride, DilationY: 1, DilationX: 1, Top: pad, Left: pad, Bottom: pad, Right: pad}
	}
	uneven := Window{Height: 3, Width: 5, StrideY: 2, StrideX: 1, DilationY: 1, DilationX: 2, Top: 0, Left: 3, Bottom: 2, Right: 1}
	tests := []test{
		{Shape{9, 8, 3}, 5, 1, one(3, 1, 1)}, {Shape{9, 8, 16}, 40, 1, one(1, 1, 0)}, {Shape{9, 8, 16}, 24, 1, one(1, 2, 0)},
		{Shape{12, 11, 1}, 24, 1, one(5, 2, 2)}, {Shape{10, 10, 4}, 6, 2, one(3, 1, 1)}, {Shape{10, 10, 19}, 19, 19, one(3, 1, 1)},
		{Shape{20, 20, 33}, 33, 33, one(5, 2, 2)}, {Shape{7, 9, 6}, 10, 1, uneven}, {Shape{7, 9, 8}, 8, 8, uneven}, {Shape{16, 16, 64}, 64, 1, one(3, 1, 1)}, {Shape{9, 14, 21}, 19, 1, one(3, 1, 1)}, {Shape{14, 15, 17}, 40, 1, one(3, 1, 0)}, {Shape{9, 6, 600}, 20, 1, one(3, 1, 1)}, {Shape{4, 30, 40}, 40, 40, one(7, 1, 3)}, {Shape{2, 2, 8}, 8, 8, one(5, 1, 2)},
	}
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 2))
		for _, c := range tests {
			per := c.in.Channels / c.groups
			area := c.w.Height * c.w.Width
			weights, bias, src := random(rng, c.channels*per*area), random(rng, c.channels), random(rng, c.in.Len())
			conv := NewConv(c.in, c.channels, c.groups, c.w, weights, bias, Single)
			guard, dst := newCanary(conv.Out.Len())
			conv.Run(dst, src, make([]float32, conv.Scratch()), None)
			guard.check(t)
			shared := make([]float32, len(dst))
			for i := range 3 {
				conv.RunPart(shared, src, make([]float32, conv.Scratch()), None, Part{i, 3})
			}
			if !slices.Equal(shared, dst) {
				t.Fatalf("%+v: three shares differ from the whole", c)
			}
			for y := range conv.Out.Height {
				for x := range conv.Out.Width {
					for o := range c.channels {
						want := float64(bias[o])
						g := o / (c.channels / c.groups)
						for ky := range c.w.Height {
							for kx := range c.w.Width {
								iy, ix := y*c.w.StrideY-c.w.Top+ky*c.w.DilationY, x*c.w.StrideX-c.w.Left+kx*c.w.DilationX
								if iy < 0 || iy >= c.in.Height || ix < 0 || ix >= c.in.Width {
									continue
								}
								for ch := range per {
									want += float64(src[(iy*c.in.Width+ix)*c.in.Channels+g*per+ch]) * float64(weights[((o*per+ch)*c.w.Height+ky)*c.w.Width+kx])
								}
							}
						}
						size := float64(per * area)
						if conv.fast != nil {
							size *= 4 // its rounding errors are larger
						}
						if got := dst[(y*conv.Out.Width+x)*c.channels+o]; !near(got, float32(want), size) {
							t.Fatalf("%+v: output (%d, %d, %d) is %v, want %v", c, y, x, o, got, want)
						}
					}
				}
			}
		}
	})
}

func TestActivations(t *testing.T) {
	reference := map[Activation]func(float64) float64{
		Relu: func(x float64) float64 { return math.Max(x, 0) }, Relu6: func(x float64) float64 { return math.Min(math.Max(x, 0), 6) },
		Sigmoid: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, Swish: func(x float64) float64 { return x / (1 + math.Exp(-x)) },
		HardSwish:   func(x float64) float64 { return x * math.Min(math.Max(x/6+0.5, 0), 1) },
		HardSigmoid: func(x float64) float64 { return math.Min(math.Max(x/6+0.5, 0), 1) },
		Gelu:        func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, Tanh: math.Tanh, Erf: math.Erf, Exp: math.Exp,
		GeluTanh: func(x float64) float64 { return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) },
	}
	onEveryPath(t, func(t *testing.T) {
		for f, want := range reference {
			for _, n := range []int{0, 1, 7, 8, 9, 100} {
				guard, x := newCanary(n)
				for i := range x {
					x[i] = float32(i-n/2) * 0.37
				}
				in := append([]float32(nil), x...)
				f.Apply(x)
				guard.check(t)
				for i := range x {
					w := want(float64(in[i]))
					if math.Abs(float64(x[i])-w) > 3e-7*math.Max(1, math.Abs(w)) {
						t.Errorf("function %d of %v is %v, want %v", f, in[i], x[i], w)
					}
				}
			}
			extremes := []float32{float32(math.NaN()), 1e30, -1e30, 200, -200, float32(math.NaN()), 0, 0, float32(math.NaN())}
			in := append([]float32(nil), extremes...)
			f.Apply(extremes)
			for i, v := range extremes {
				if math.IsNaN(float64(in[i])) != math.IsNaN(float64(v)) {
					t.Errorf("function %d of %v is %v", f, in[i], v)
				}
			}
		}
	})
}

func TestAdd(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		for _, n := range []int{0, 3, 8, 21} {
			for _, f := range []Activation{None, Relu, Sigmoid} {
				guard, dst := newCanary(n)
				src := make([]float32, n)
				for i := range dst {
					dst[i], src[i] = float32(i), float32(-2*i)
				}
				AddThen(dst, dst, src, f)
				guard.check(t)
				for i := range dst {
					want := []float32{float32(-i)}
					f.Apply(want)
					if !near(dst[i], want[0], 0) {
						t.Errorf("sum %d is %v, want %v", i, dst[i], want[0])
					}
				}
			}
		}
	})
}

func TestArithmetic(t *testing.T) {
	of := map[Operation]func(a, b float32) float32{
		Add: func(a, b float32) float32 { return a + b }, Sub: func(a, b float32) float32 { return a - b },
		Mul: func(a, b float32) float32 { return a * b }, Div: func(a, b float32) float32 { return a / b },
	}
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 2))
		for _, n := range []int{0, 1, 3, 8, 16, 21, 70} {
			a, b, c := random(rng, n), random(rng, n), random(rng, n)
			same := func(what string, run func(dst []float32), want func(i int) float32) {
				t.Helper()
				guard, dst := newCanary(n)
				run(dst)
				guard.check(t)
				for i := range dst {
					if !near(dst[i], want(i), 1) {
						t.Errorf("%s of %d: value %d is %v, want %v", what, n, i, dst[i], want(i))
					}
				}
			}
			for o, f := range of {
				same(fmt.Sprint("operation ", o), func(dst []float32) { o.Vectors(dst, a, b) }, func(i int) float32 { return f(a[i], b[i]) })
				same(fmt.Sprint("operation with a number ", o), func(dst []float32) { o.Scalar(dst, a, 1.5) }, func(i int) float32 { return f(a[i], 1.5) })
			}
			same("larger", func(dst []float32) { Maximum(dst, a, b) }, func(i int) float32 { return max(a[i], b[i]) })
			same("affine", func(dst []float32) { Affine(dst, a, b, c, None) }, func(i int) float32 { return a[i]*b[i] + c[i] })
			same("rectified affine", func(dst []float32) { Affine(dst, a, b, c, Relu) }, func(i int) float32 { return max(a[i]*b[i]+c[i], 0) })
			same("affine then tanh", func(dst []float32) { Affine(dst, a, b, c, Tanh) }, func(i int) float32 { return Tanh.of(a[i]*b[i] + c[i]) })
		}
	})
}

func TestRows(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 2))
		for _, n := range []int{1, 2, 7, 8, 16, 21, 197} {
			x, gamma, beta := random(rng, n), random(rng, n), random(rng, n)
			for i := range x {
				x[i] = 20*x[i] + 5
			}
			var largest, sum, squares, exps float64 = math.Inf(-1), 0, 0, 0
			for _, v := range x {
				largest, sum = math.Max(largest, float64(v)), sum+float64(v)
			}
			mean := sum / float64(n)
			for _, v := range x {
				squares += (float64(v) - mean) * (float64(v) - mean)
				exps += math.Exp(float64(v) - largest)
			}
			guard, dst := newCanary(n)
			Softmax(dst, x)
			guard.check(t)
			for i, v := range x {
				if want := math.Exp(float64(v)-largest) / exps; math.Abs(float64(dst[i])-want) > 1e-6 {
					t.Errorf("softmax %d of %d is %v, want %v", i, n, dst[i], want)
				}
			}
			LayerNorm(dst, x, gamma, beta, 1e-5)
			guard.check(t)
			scale := 1 / math.Sqrt(squares/float64(n)+1e-5)
			for i, v := range x {
				if want := (float64(v)-mean)*scale*float64(gamma[i]) + float64(beta[i]); math.Abs(float64(dst[i])-want) > 1e-5 {
					t.Errorf("layer norm %d of %d is %v, want %v", i, n, dst[i], want)
				}
			}
		}
		nan := []float32{1, float32(math.NaN()), 2}
		Softmax(nan, nan)
		for i, v := range nan {
			if v == v {
				t.Errorf("softmax hides NaN: value %d is %v", i, v)
			}
		}
	})
}

func TestPools(t *testing.T) {
	in := Shape{3, 3, 2}
	src := make([]float32, in.Len())
	for i := range src {
		src[i] = float32(i / 2 * (1 - 2*(i%2))) // channel 0 counts up, channel 1 down
	}
	w := Window{Height: 2, Width: 2, StrideY: 2, StrideX: 2, DilationY: 1, DilationX: 1, Bottom: 1, Right: 1}
	dst := make([]float32, 8)
	for name, c := range map[string]struct {
		run  func()
		want []float32
	}{
		"largest": {func() { MaxPool(dst, src, in, w) }, []float32{4, 0, 5, -2, 7, -6, 8, -8}},
		"mean":    {func() { AveragePool(dst, src, in, w, Padding{}) }, []float32{2, -2, 3.5, -3.5, 6.5, -6.5, 8, -8}},
		"mean with padding in it": {func() {
			AveragePool(dst, src, in, w, Padding{Top: w.Top, Left: w.Left, Bottom: w.Bottom, Right: w.Right})
		}, []float32{2, -2, 1.75, -1.75, 3.25, -3.25, 2, -2}},
	} {
		c.run()
		if fmt.Sprint(dst) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, dst, c.want)
		}
	}
}
