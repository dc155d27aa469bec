package simd

// The micro-kernels in Go. Sums are in variables of their own, not in an array,
// which the compiler would keep in memory; slices become pointers to arrays, whose
// bounds are checked once; and steps are written out: in WebAssembly a turn of a
// loop costs as much as several products.

const genericColumns = 8 // of a panel

// genericTile is the product of one row with a panel: c = start + a*b.
func genericTile(k int, a, b, c, start []float32) {
	from := (*[genericColumns]float32)(start)
	s0, s1, s2, s3, s4, s5, s6, s7 := from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7]
	a, b = a[:k], b[:k*genericColumns]
	for len(a) >= 4 && len(b) >= 4*genericColumns {
		x, w := (*[4]float32)(a), (*[4 * genericColumns]float32)(b)
		v := x[0]
		s0 += v * w[0]
		s1 += v * w[1]
		s2 += v * w[2]
		s3 += v * w[3]
		s4 += v * w[4]
		s5 += v * w[5]
		s6 += v * w[6]
		s7 += v * w[7]
		v = x[1]
		s0 += v * w[8]
		s1 += v * w[9]
		s2 += v * w[10]
		s3 += v * w[11]
		s4 += v * w[12]
		s5 += v * w[13]
		s6 += v * w[14]
		s7 += v * w[15]
		v = x[2]
		s0 += v * w[16]
		s1 += v * w[17]
		s2 += v * w[18]
		s3 += v * w[19]
		s4 += v * w[20]
		s5 += v * w[21]
		s6 += v * w[22]
		s7 += v * w[23]
		v = x[3]
		s0 += v * w[24]
		s1 += v * w[25]
		s2 += v * w[26]
		s3 += v * w[27]
		s4 += v * w[28]
		s5 += v * w[29]
		s6 += v * w[30]
		s7 += v * w[31]
		a, b = a[4:], b[4*genericColumns:]
	}
	for len(a) > 0 && len(b) >= genericColumns {
		v, w := a[0], (*[genericColumns]float32)(b)
		s0 += v * w[0]
		s1 += v * w[1]
		s2 += v * w[2]
		s3 += v * w[3]
		s4 += v * w[4]
		s5 += v * w[5]
		s6 += v * w[6]
		s7 += v * w[7]
		a, b = a[1:], b[genericColumns:]
	}
	*(*[genericColumns]float32)(c) = [genericColumns]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}
