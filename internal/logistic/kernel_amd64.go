package logistic

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// dot4 sets out[k] to Σ x[k][j]·w[j]. All x are as long as w.
func dot4(x *[4][]float32, w []float64, out *[4]float64) {
	n := len(w) &^ 3
	if !hasAVX2 || n == 0 {
		dot4Generic(x, w, out)
		return
	}
	first := [4]*float32{&x[0][0], &x[1][0], &x[2][0], &x[3][0]}
	dot4AVX2(&first, &w[0], n, out)
	for k, row := range x {
		for j := n; j < len(w); j++ {
			out[k] += float64(row[j]) * w[j]
		}
	}
}

// axpy4 adds Σ a[k]·x[k] to y. All x are as long as y.
func axpy4(a *[4]float64, x *[4][]float32, y []float64) {
	n := len(y) &^ 3
	if !hasAVX2 || n == 0 {
		axpy4Generic(a, x, y)
		return
	}
	first := [4]*float32{&x[0][0], &x[1][0], &x[2][0], &x[3][0]}
	axpy4AVX2(a, &first, n, &y[0])
	for j := n; j < len(y); j++ {
		y[j] += a[0]*float64(x[0][j]) + a[1]*float64(x[1][j]) + a[2]*float64(x[2][j]) + a[3]*float64(x[3][j])
	}
}

// n is above 0 and a multiple of 4.
//
//go:noescape
func dot4AVX2(x *[4]*float32, w *float64, n int, out *[4]float64)

//go:noescape
func axpy4AVX2(a *[4]float64, x *[4]*float32, n int, y *float64)
