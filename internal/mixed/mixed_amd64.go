package mixed

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// Dot4 sets out[k] to Σ x[k][j]·w[j]. All x are as long as w.
func Dot4(x *[4][]float32, w []float64, out *[4]float64) {
	n := len(w) &^ 3
	if !hasAVX2 || n == 0 {
		dot4Generic(x, w, out)
		return
	}
	first := firsts(x, len(w))
	dot4AVX2(&first, &w[0], n, out)
	for k, row := range x {
		for j := n; j < len(w); j++ {
			out[k] += float64(row[j]) * w[j]
		}
	}
}

// Axpy4 adds Σ a[k]·x[k] to y. All x are as long as y.
func Axpy4(a *[4]float64, x *[4][]float32, y []float64) {
	n := len(y) &^ 3
	if !hasAVX2 || n == 0 {
		axpy4Generic(a, x, y)
		return
	}
	first := firsts(x, len(y))
	axpy4AVX2(a, &first, n, &y[0])
	for j := n; j < len(y); j++ {
		y[j] += a[0]*float64(x[0][j]) + a[1]*float64(x[1][j]) + a[2]*float64(x[2][j]) + a[3]*float64(x[3][j])
	}
}

// Dot4Single sets out[k] to Σ x[k][j]·w[j] in float32: twice as fast as [Dot4],
// and wrong by at most [SingleError] times the lengths of the vectors.
func Dot4Single(x *[4][]float32, w []float32, out *[4]float32) {
	n := len(w) &^ 15
	if !hasAVX2 || n == 0 {
		dot4SingleGeneric(x, w, out)
		return
	}
	first := firsts(x, len(w))
	dot4SingleAVX2(&first, &w[0], n, out)
	for k, row := range x {
		for j := n; j < len(w); j++ {
			out[k] += row[j] * w[j]
		}
	}
}

// firsts are where the vectors begin. One that is shorter than n panics here
// rather than being read beyond its end.
func firsts(x *[4][]float32, n int) [4]*float32 {
	return [4]*float32{&x[0][:n][0], &x[1][:n][0], &x[2][:n][0], &x[3][:n][0]}
}

// n is above 0 and a multiple of 4.
//
//go:noescape
func dot4AVX2(x *[4]*float32, w *float64, n int, out *[4]float64)

//go:noescape
func axpy4AVX2(a *[4]float64, x *[4]*float32, n int, y *float64)

// n is above 0 and a multiple of 16.
//
//go:noescape
func dot4SingleAVX2(x *[4]*float32, w *float32, n int, out *[4]float32)
