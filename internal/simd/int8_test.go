package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// onEveryIntegerPath is onEveryPath, and each without what processors may lack.
func onEveryIntegerPath(t *testing.T, f func(t *testing.T)) {
	onEveryPath(t, func(t *testing.T) {
		last := ""
		for _, without := range integerFeatures {
			defer without()()
			if now := IntegerPath(); now != last {
				last = now
				t.Run(now, f)
			}
		}
	})
}

func randomBytes(rng *rand.Rand, n int) ([]uint8, []int8) {
	a, b := make([]uint8, n), make([]int8, n)
	for i := range a {
		a[i], b[i] = uint8(rng.Uint32()), int8(rng.Uint32())
		if rng.IntN(4) == 0 { // what saturates words
			a[i], b[i] = 255, []int8{-128, 127}[rng.IntN(2)]
		}
	}
	return a, b
}

// bytesCanary surrounds bytes with others that nobody may change.
func bytesCanary(n int) (all, inside []uint8) {
	all = slices.Repeat([]uint8{77}, n+128)
	return all, all[64 : 64+n : 64+n]
}

func checkBytes(t *testing.T, all []uint8) {
	t.Helper()
	for i := range 64 {
		if all[i] != 77 || all[len(all)-1-i] != 77 {
			t.Fatal("wrote outside its memory")
		}
	}
}

// wanted is what a sum becomes on the grid, by ONNX's words.
func wanted(sum int32, scale float32, zero int32, l Limits) uint8 {
	v := math.RoundToEven(float64(float32(sum) * scale))
	return uint8(min(max(v+float64(zero), float64(l.Low)), float64(l.High)))
}

// Products of bytes are exact, whatever they are, and become bytes by the nearest
// integer, ties to even.
func TestProductOfBytes(t *testing.T) { onEveryIntegerPath(t, testProductOfBytes) }

func testProductOfBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{1, 1, 1}, {13, 7, 33}, {6, 16, 16}, {12, 32, 32}, {100, 19, 48}, {97, 64, 70}, {5, 1, 100}, {3, 201, 17}, {250, 3, 5}, {30, 1100, 64}, {49, 513, 49}, {25, 2049, 96}} {
		for _, skewed := range []bool{false, true} {
			m, k, n := s[0], s[1], s[2]
			lda, ldc := k+rng.IntN(3), n+rng.IntN(3)
			a, _ := randomBytes(rng, m*lda+4)
			_, b := randomBytes(rng, k*n)
			bias, scale, zeroA := make([]int32, n), make([]float32, n), int32(rng.IntN(256))
			var zeros []int32
			if skewed {
				zeros = make([]int32, n)
			}
			for j := range n {
				bias[j], scale[j] = int32(rng.IntN(1<<20)-1<<19), rng.Float32()/float32(4*k)/20
				if j%2 == 0 {
					scale[j] = 1.0 / 4096 // many ties
				}
				if skewed {
					zeros[j] = int32(rng.IntN(256) - 128)
				}
			}
			packed := NewPackedBytes(k, n, zeros)
			packed.Fill(0, k/2, b, n, 1)
			packed.Fill(k/2, k-k/2, b[k/2*n:], n, 1)
			pad := func(v []float32) []float32 { return append(slices.Clone(v), make([]float32, packed.Columns()-n)...) }
			p := Product{B: packed, Start: make([]int32, packed.Columns()), Scale: pad(scale), Zero: int32(rng.IntN(256)), Limits: Limits{int32(rng.IntN(100)), 255 - int32(rng.IntN(100))}, Bias: pad(random(rng, n)), F: Relu}
			packed.Start(p.Start, zeroA, bias)
			all, c := bytesCanary((m-1)*ldc + n)
			p.Requantize(c, ldc, a, lda, m, Whole)
			checkBytes(t, all)
			guard, f := newCanary((m-1)*ldc + n)
			p.Rescale(f, ldc, a, lda, m, Whole)
			guard.check(t)
			sharedBytes, shared := slices.Clone(c), slices.Clone(f)
			for i := range 3 {
				p.Requantize(sharedBytes, ldc, a, lda, m, Part{i, 3})
				p.Rescale(shared, ldc, a, lda, m, Part{i, 3})
			}
			if !slices.Equal(sharedBytes, c) || !slices.Equal(shared, f) {
				t.Fatalf("%v: three shares differ from the whole", s)
			}
			for i := range m {
				for j := range n {
					sum, z := bias[j], int32(0)
					if skewed {
						z = zeros[j]
					}
					for r := range k {
						sum += (int32(a[i*lda+r]) - zeroA) * (int32(b[r*n+j]) - z)
					}
					if got, want := c[i*ldc+j], wanted(sum, scale[j], p.Zero, p.Limits); got != want {
						t.Fatalf("%v: row %d, column %d: %d, want %d", s, i, j, got, want)
					}
					if got, want := f[i*ldc+j], max(float32(float32(sum)*scale[j])+p.Bias[j], 0); got != want {
						t.Fatalf("%v: row %d, column %d: %v, want %v", s, i, j, got, want)
					}
				}
			}
		}
	}
}

// A convolution of bytes is the sum that it stands for: what is around the film is
// the zero point.
func TestConvolutionOfBytes(t *testing.T) { onEveryIntegerPath(t, testConvolutionOfBytes) }

func testConvolutionOfBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		in               Shape
		channels, groups int
		w                Window
	}{
		{Shape{7, 9, 3}, 5, 1, Window{Height: 3, Width: 3, StrideY: 2, StrideX: 2, DilationY: 1, DilationX: 1, Top: 1, Left: 1, Bottom: 1, Right: 1}},
		{Shape{5, 6, 8}, 40, 1, Window{Height: 1, Width: 1, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}},
		{Shape{6, 5, 7}, 33, 1, Window{Height: 1, Width: 1, StrideY: 2, StrideX: 1, DilationY: 1, DilationX: 1}},
		{Shape{12, 11, 12}, 8, 4, Window{Height: 3, Width: 2, StrideY: 1, StrideX: 1, DilationY: 2, DilationX: 3, Top: 2, Left: 3, Bottom: 2, Right: 0}},
		{Shape{14, 14, 64}, 36, 1, Window{Height: 3, Width: 3, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1, Top: 1, Left: 1, Bottom: 1, Right: 1}},
	} {
		per := c.in.Channels / c.groups
		area := c.w.Height * c.w.Width
		src, _ := randomBytes(rng, c.in.Len()+8)
		_, weights := randomBytes(rng, c.channels*per*area)
		zeros := make([]int32, c.channels)
		for i := range zeros {
			zeros[i] = int32(rng.IntN(256) - 128)
		}
		const zero = 131
		conv := NewByteConv(c.in, c.channels, c.groups, c.w, weights, zeros)
		run := func(dst []float32, part Part) {
			conv.Run(src, make([]uint8, conv.Scratch()), zero, part, func(g, pixel, rows int, a []uint8, lda int, part Part) {
				b := conv.Groups()[g]
				p := Product{B: b, Start: make([]int32, b.Columns()), Scale: slices.Repeat([]float32{1}, b.Columns()), Bias: make([]float32, b.Columns())}
				b.Start(p.Start, zero, nil)
				p.Rescale(dst[pixel*c.channels+g*b.N:], c.channels, a, lda, rows, part)
			})
		}
		guard, dst := newCanary(conv.Out.Len())
		run(dst, Whole)
		guard.check(t)
		shared := make([]float32, len(dst))
		for i := range 3 {
			run(shared, Part{i, 3})
		}
		if !slices.Equal(shared, dst) {
			t.Fatalf("%+v: three shares differ from the whole", c)
		}
		for i, got := range dst {
			ch, x, y := i%c.channels, i/c.channels%conv.Out.Width, i/c.channels/conv.Out.Width
			sum := int32(0)
			for k := range per {
				for tap := range area {
					iy, ix := y*c.w.StrideY-c.w.Top+tap/c.w.Width*c.w.DilationY, x*c.w.StrideX-c.w.Left+tap%c.w.Width*c.w.DilationX
					if iy < 0 || iy >= c.in.Height || ix < 0 || ix >= c.in.Width {
						continue
					}
					v := src[(iy*c.in.Width+ix)*c.in.Channels+ch/(c.channels/c.groups)*per+k]
					sum += (int32(v) - zero) * (int32(weights[(ch*per+k)*area+tap]) - zeros[ch])
				}
			}
			if got != float32(sum) {
				t.Fatalf("%+v: pixel %d, %d, channel %d: %v, want %d", c, y, x, ch, got, sum)
			}
		}
	}
}

// Values become bytes and bytes values as ONNX defines it, ties to even, on every
// path; a NaN becomes the lowest.
func TestBytes(t *testing.T) {
	onEveryIntegerPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, n := range []int{1, 31, 32, 33, 100, 257} {
			g, ga, gb := Grid{0.25, 100}, Grid{0.3, 7}, Grid{0.02, 255}
			src := random(rng, n)
			for i := range src {
				src[i] = float32(math.Round(float64(src[i])*64)) / 8 * 0.25
			}
			src[n/2] = float32(math.NaN())
			src[0] = float32(math.Inf(1))
			a, _ := randomBytes(rng, n)
			b, _ := randomBytes(rng, n)
			all, dst := bytesCanary(n)
			l := Limits{100, 250}
			g.Quantize(dst, src, l)
			low, high := Extremes(src)
			var lowest, highest float32
			for i, v := range src {
				want := uint8(l.Low)
				if v == v {
					want = uint8(min(max(math.RoundToEven(float64(v/g.Scale))+100, 100), 250))
					lowest, highest = min(lowest, v), max(highest, v)
				}
				if dst[i] != want {
					t.Fatalf("%v of %d: %v is %d, want %d", i, n, v, dst[i], want)
				}
			}
			if low != lowest || high != highest {
				t.Fatalf("extremes %v and %v, want %v and %v", low, high, lowest, highest)
			}
			guard, wide := newCanary(n)
			g.Quantize(dst, src, AllBytes)
			g.Widen(wide, dst)
			guard.check(t)
			for i, v := range dst {
				if wide[i] != float32(int(v)-100)*0.25 {
					t.Fatalf("%d is %v", v, wide[i])
				}
			}
			snapped := make([]float32, n)
			if g.Snap(snapped, src); !slices.Equal(snapped, wide) {
				t.Fatalf("snapped %v, want %v", snapped, wide)
			}
			g.AddBytes(dst, a, b, ga, gb, l)
			for i, got := range dst {
				sum := float32(float32(int(a[i])-7)*0.3) + float32(float32(int(b[i])-255)*0.02)
				if want := uint8(min(max(math.RoundToEven(float64(sum/g.Scale))+100, 100), 250)); got != want {
					t.Fatalf("%d + %d: %d, want %d", a[i], b[i], got, want)
				}
			}
			checkBytes(t, all)
		}
	})
}

func TestMaxPoolOfBytes(t *testing.T) {
	onEveryIntegerPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		in, w := Shape{9, 8, 37}, Window{Height: 3, Width: 3, StrideY: 2, StrideX: 2, DilationY: 1, DilationX: 1, Top: 1, Left: 1, Bottom: 1, Right: 1}
		src, _ := randomBytes(rng, in.Len())
		floats := make([]float32, len(src))
		for i, v := range src {
			floats[i] = float32(v)
		}
		h, width := w.Out(in)
		all, dst := bytesCanary(h * width * in.Channels)
		want := make([]float32, len(dst))
		MaxPoolBytes(dst, src, in, w)
		MaxPool(want, floats, in, w)
		checkBytes(t, all)
		for i, v := range dst {
			if float32(v) != want[i] {
				t.Fatalf("value %d is %d, want %v", i, v, want[i])
			}
		}
	})
}

// Products of bytes, beside those of float32:
//
//	go test ./internal/simd -run '^$' -bench ProductOfBytes
func BenchmarkProductOfBytes(b *testing.B) {
	for _, s := range append(shapes, [3]int{196, 1152, 256}, [3]int{49, 4608, 512}) {
		m, k, n := s[0], s[1], s[2]
		rng := rand.New(rand.NewPCG(1, 2))
		rate := func(b *testing.B) {
			b.ReportMetric(2*float64(m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gop/s")
		}
		a, _ := randomBytes(rng, m*k+4)
		_, w := randomBytes(rng, k*n)
		packed := NewPackedBytes(k, n, nil)
		packed.Fill(0, k, w, n, 1)
		p := Product{B: packed, Start: make([]int32, packed.Columns()), Scale: make([]float32, packed.Columns()), Limits: AllBytes}
		c := make([]uint8, m*n)
		af, cf, wf := random(rng, m*k), make([]float32, m*n), random(rng, k*n)
		single := Pack(k, n, wf, n, 1, nil, Single)
		b.Run(shapeName(m, k, n), func(b *testing.B) {
			b.Run("float32", func(b *testing.B) {
				for b.Loop() {
					Gemm(cf, n, af, k, m, single, None)
				}
				rate(b)
			})
			benchUnits(b, IntegerPath, func(b *testing.B) {
				for b.Loop() {
					p.Requantize(c, n, a, k, m, Whole)
				}
				rate(b)
			})
		})
	}
}

func shapeName(m, k, n int) string { return fmt.Sprintf("%dx%dx%d", m, k, n) }
