package mixed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// All kernels must agree, whatever the length.
func TestKernelsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 90 {
		var x [4][]float32
		w, y := make([]float64, n), make([]float64, n)
		for k := range x {
			x[k] = make([]float32, n)
			for j := range x[k] {
				x[k][j] = float32(rng.NormFloat64())
			}
		}
		for j := range w {
			w[j], y[j] = rng.NormFloat64(), rng.NormFloat64()
		}
		var got, want [4]float64
		Dot4(&x, w, &got)
		dot4Generic(&x, w, &want)
		sum := append([]float64(nil), y...)
		a := [4]float64{1, -2, 0.5, 3}
		Axpy4(&a, &x, y)
		axpy4Generic(&a, &x, sum)
		single := make([]float32, n)
		for j, v := range w {
			single[j] = float32(v)
		}
		var near, generic [4]float32
		Dot4Single(&x, single, &near)
		dot4SingleGeneric(&x, single, &generic)
		for k := range near {
			bound := SingleError(n) * length(x[k]) * length(single)
			if math.Abs(float64(near[k])-want[k]) > bound || math.Abs(float64(generic[k])-want[k]) > bound {
				t.Fatalf("length %d: single dot %d is %v and %v, want %v +- %g", n, k, near[k], generic[k], want[k], bound)
			}
		}
		for k := range got {
			if math.Abs(got[k]-want[k]) > 1e-12 {
				t.Fatalf("length %d: dot %d is %v, want %v", n, k, got[k], want[k])
			}
		}
		for j := range y {
			if math.Abs(y[j]-sum[j]) > 1e-13 {
				t.Fatalf("length %d: sum %d is %v, want %v", n, j, y[j], sum[j])
			}
		}
	}
}

func length(x []float32) float64 {
	var squares float64
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares)
}

func BenchmarkDot4(b *testing.B) {
	const n = 1376
	for name, dot := range map[string]func(*[4][]float32, []float64, *[4]float64){"best": Dot4, "generic": dot4Generic} {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			x := [4][]float32{make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)}
			w := make([]float64, n)
			var out [4]float64
			b.SetBytes(4 * 4 * n)
			b.ReportAllocs()
			for b.Loop() {
				dot(&x, w, &out)
			}
		})
	}
}
