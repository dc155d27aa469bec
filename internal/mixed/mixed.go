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

// dot4SingleGeneric is Dot4Single for every processor, with sixteen sums each.
func dot4SingleGeneric(x *[4][]float32, w []float32, out *[4]float32) {
	for k, row := range x {
		row = row[:len(w)]
		var sums [16]float32
		for j, v := range w {
			sums[j%16] += row[j] * v
		}
		out[k] = 0
		for _, s := range sums {
			out[k] += s
		}
	}
}

// SingleError bounds the error of [Dot4Single] for vectors of n values, as a
// share of the product of their lengths, where no product is near the ends of
// float32's range: a term passes through at most n/16 + 31 roundings (Higham,
// "Accuracy and Stability of Numerical Algorithms", 3.1), and w was rounded once
// from float64.
func SingleError(n int) float64 { return float64(n/16+32) * 0x1p-24 * 1.01 }
