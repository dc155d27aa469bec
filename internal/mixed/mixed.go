// Package mixed multiplies vectors of float32, as embeddings are stored, with
// vectors of float64, in float64. It reads memory as fast as float32 can, four
// vectors at a time.
package mixed

// dot4Generic is Dot4 for every processor.
func dot4Generic(x *[4][]float32, w []float64, out *[4]float64) {
	a, b, c, d := x[0][:len(w)], x[1][:len(w)], x[2][:len(w)], x[3][:len(w)]
	var s0, s1, s2, s3 float64
	for j, v := range w {
		s0 += float64(a[j]) * v
		s1 += float64(b[j]) * v
		s2 += float64(c[j]) * v
		s3 += float64(d[j]) * v
	}
	*out = [4]float64{s0, s1, s2, s3}
}

// axpy4Generic is Axpy4 for every processor.
func axpy4Generic(a *[4]float64, x *[4][]float32, y []float64) {
	x0, x1, x2, x3 := x[0][:len(y)], x[1][:len(y)], x[2][:len(y)], x[3][:len(y)]
	for j := range y {
		y[j] += a[0]*float64(x0[j]) + a[1]*float64(x1[j]) + a[2]*float64(x2[j]) + a[3]*float64(x3[j])
	}
}
