package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// eightBits is v to eight significant bits, ties to even.
func eightBits(v float32) float64 {
	mantissa, exponent := math.Frexp(float64(v))
	return math.Ldexp(math.RoundToEven(mantissa*256), exponent-8)
}

// onEachUnit runs a test with AMX, where the processor has it, and without.
func onEachUnit(t *testing.T, f func(t *testing.T)) {
	t.Run(BFloat16Path(), f)
	if BFloat16Path() == "AMX" {
		defer UseAMX(false)()
		t.Run(BFloat16Path(), f)
	}
}

// Products of bfloat16 are those of factors rounded to eight bits, summed in
// float32; where the processor has none they are of single precision.
func TestGemmOfBFloat16(t *testing.T) {
	onEveryPath(t, func(t *testing.T) { onEachUnit(t, testGemmOfBFloat16) })
}

func testGemmOfBFloat16(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{1, 1, 32}, {13, 7, 33}, {6, 16, 16}, {12, 32, 32}, {100, 19, 48}, {97, 64, 70}, {5, 1, 100}, {3, 201, 17}, {250, 3, 5}, {30, 1100, 64}, {49, 513, 49}, {97, 1025, 96}} {
		m, k, n := s[0], s[1], s[2]
		lda, ldc := k+rng.IntN(3), n+rng.IntN(3)
		a, b, bias := random(rng, m*lda), random(rng, k*n), random(rng, n)
		for name, packed := range map[string]*Packed{
			"rows":    Pack(k, n, b, n, 1, bias, BFloat16),
			"columns": Pack(k, n, turned(b, k, n), 1, k, bias, BFloat16),
		} {
			x, y := factors(a, packed.half), factors(b, packed.half)
			guard, c := newCanary((m-1)*ldc + n)
			Gemm(c, ldc, a, lda, m, packed, None)
			guard.check(t)
			shared := slices.Clone(c)
			for i := range 3 {
				GemmPart(shared, ldc, a, lda, m, packed, None, Part{i, 3})
			}
			if !slices.Equal(shared, c) {
				t.Fatalf("%v by %s: three shares differ from the whole", s, name)
			}
			for i := range m {
				for j := range n {
					want := float64(bias[j])
					for r := range k {
						want += x[i*lda+r] * y[r*n+j]
					}
					if !near(c[i*ldc+j], float32(want), float64(k)) {
						t.Fatalf("%v by %s: row %d, column %d: %v, want %v", s, name, i, j, c[i*ldc+j], want)
					}
				}
			}
		}
	}
}

// Products of two matrices of a run are of bfloat16 where there is a matrix unit;
// else they stay of single precision.
func TestDynamicOfBFloat16(t *testing.T) { onEachUnit(t, testDynamicOfBFloat16) }

func testDynamicOfBFloat16(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for _, s := range [][3]int{{1, 1, 1}, {7, 64, 33}, {97, 33, 64}, {33, 97, 5}, {12, 200, 31}} {
		m, k, n := s[0], s[1], s[2]
		a, b := random(rng, m*k), random(rng, k*n)
		scratch := slices.Repeat([]float32{float32(math.NaN())}, DynamicScratch(k, n))
		half := BFloat16.Available() && unitOfHalves() != nil
		x, y := factors(a, half), factors(b, half)
		for name, product := range map[string]func(c []float32){
			"rows":    func(c []float32) { GemmDynamic(c, a, k, b, m, k, n, n, 1, scratch, BFloat16) },
			"columns": func(c []float32) { GemmDynamic(c, a, k, turned(b, k, n), m, k, n, 1, k, scratch, BFloat16) },
		} {
			guard, c := newCanary(m * n)
			product(c)
			guard.check(t)
			for i := range m {
				for j := range n {
					want := 0.0
					for r := range k {
						want += x[i*k+r] * y[r*n+j]
					}
					if !near(c[i*n+j], float32(want), float64(k)) {
						t.Fatalf("%v by %s: row %d, column %d: %v, want %v", s, name, i, j, c[i*n+j], want)
					}
				}
			}
		}
	}
}

// factors are the values, or what bfloat16 has of them.
func factors(v []float32, half bool) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		if out[i] = float64(x); half {
			out[i] = eightBits(x)
		}
	}
	return out
}

// Of values that bfloat16 has exactly, convolutions of both precisions are the
// same but for the order of sums.
func TestConvOfBFloat16(t *testing.T) { onEachUnit(t, testConvOfBFloat16) }

func testConvOfBFloat16(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	exact := func(n int) []float32 {
		v := random(rng, n)
		for i := range v {
			v[i] = float32(eightBits(v[i]))
		}
		return v
	}
	for _, test := range []struct {
		in               Shape
		channels, groups int
		w                Window
	}{
		{Shape{9, 7, 64}, 96, 1, Window{Height: 1, Width: 1, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}},
		{Shape{9, 7, 64}, 96, 1, Window{Height: 3, Width: 3, StrideY: 2, StrideX: 2, DilationY: 1, DilationX: 1, Top: 1, Left: 1, Bottom: 1, Right: 1}},
		{Shape{9, 7, 200}, 64, 1, Window{Height: 3, Width: 2, StrideY: 1, StrideX: 2, DilationY: 1, DilationX: 2}},
		{Shape{9, 7, 6}, 64, 2, Window{Height: 3, Width: 3, StrideY: 2, StrideX: 1, DilationY: 1, DilationX: 1}}, // odd channels of a group
		{Shape{9, 7, 128}, 128, 2, Window{Height: 5, Width: 3, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1, Top: 2}},
	} {
		weights, src := exact(test.channels*test.in.Channels/test.groups*test.w.Height*test.w.Width), exact(test.in.Len())
		var results [2][]float32
		for p := range results {
			conv := NewConv(test.in, test.channels, test.groups, test.w, weights, nil, Precision(p))
			results[p] = make([]float32, conv.Out.Len())
			conv.Run(results[p], src, make([]float32, conv.Scratch()), None)
		}
		for i, v := range results[0] {
			if !near(v, results[1][i], 600) {
				t.Fatalf("%v: value %d is %v and %v", test, i, v, results[1][i])
			}
		}
	}
}

func turned(b []float32, rows, columns int) []float32 {
	out := make([]float32, len(b))
	for i := range rows {
		for j := range columns {
			out[j*rows+i] = b[i*columns+j]
		}
	}
	return out
}

func TestRoundingToBFloat16(t *testing.T) {
	if !BFloat16.Available() {
		t.Skip("this processor has no bfloat16")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	special := []float32{0, float32(math.Copysign(0, -1)), 1, 1 + 1./256, 1 + 3./256, -1 - 1./256, float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, float32(math.NaN())}
	for _, n := range []int{1, 2, 31, 32, 33, 64, 95, 512} {
		src := slices.Concat(special, random(rng, n), special) // some in whole vectors, some not
		dst := make([]float32, (len(src)+1)/2+1)
		dst[len(dst)-1] = mark
		toHalf(dst[:(len(src)+1)/2], src)
		if dst[len(dst)-1] != mark {
			t.Fatal("wrote outside its memory")
		}
		for i, v := range src {
			got := math.Float32frombits(uint32(halves(dst)[i]) << 16)
			want := float32(eightBits(v))
			if v == math.MaxFloat32 {
				want = float32(math.Inf(1))
			}
			if got != want && !(v != v && got != got) {
				t.Errorf("%v of %d becomes %v, want %v", v, n, got, want)
			}
		}
		if len(src)%2 == 1 && halves(dst)[len(src)] != 0 {
			t.Error("no zero after an odd value")
		}
	}
}

// shapes are products of ViT-B/16 and of ResNet-50.
var shapes = [][3]int{{197, 768, 768}, {197, 768, 3072}, {197, 3072, 768}, {3136, 64, 256}, {784, 512, 128}, {196, 1024, 256}, {49, 512, 2048}}

// How much faster products of bfloat16 are:
//
//	go test ./internal/simd -run '^$' -bench Precision
func BenchmarkPrecision(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range shapes {
		m, k, n := s[0], s[1], s[2]
		x, w, c := random(rng, m*k), random(rng, k*n), make([]float32, m*n)
		product := func(precision Precision) func(b *testing.B) {
			return func(b *testing.B) {
				p := Pack(k, n, w, n, 1, nil, precision)
				for b.Loop() {
					Gemm(c, n, x, k, m, p, None)
				}
				b.ReportMetric(float64(2*m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			}
		}
		b.Run(shapeName(m, k, n), func(b *testing.B) {
			b.Run("float32", product(Single))
			if !BFloat16.Available() {
				return
			}
			b.Run(BFloat16Path(), product(BFloat16))
			if BFloat16Path() == "AMX" {
				defer UseAMX(false)()
				b.Run(BFloat16Path(), product(BFloat16))
			}
		})
	}
}

// Attention in bfloat16 stays near what it is, for more rows than a tile has.
func TestAttentionOfBFloat16(t *testing.T) { onEachUnit(t, testAttentionOfBFloat16) }

func testAttentionOfBFloat16(t *testing.T) {
	const size, keys, width, rows = 24, 37, 21, AttentionRows
	rng := rand.New(rand.NewPCG(7, 2))
	q, k, v := random(rng, rows*size), random(rng, keys*size), random(rng, keys*width) // a row for each key
	var results [2][]float32
	for p := range results {
		a := Attention{Size: size, Keys: keys, Width: width, Scale: 0.2, ValueScale: 1, KeyRow: 1, KeyColumn: size, ValueRow: width, ValueColumn: 1, Precision: Precision(p)}
		scratch := slices.Repeat([]float32{float32(math.NaN())}, a.Scratch())
		guard, out := newCanary(rows * width)
		a.Pack(k, v, scratch)
		a.Run(out, width, q, size, rows, scratch)
		guard.check(t)
		results[p] = out
	}
	for i, want := range results[0] {
		if got := results[1][i]; !(math.Abs(float64(got-want)) < 0.02) {
			t.Fatalf("value %d is %v, by float32 %v", i, got, want)
		}
	}
	if same := slices.Equal(results[0], results[1]); same == (unitOfHalves() != nil) {
		t.Errorf("the same as by float32: %v", same)
	}
}
