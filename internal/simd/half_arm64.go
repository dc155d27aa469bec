package simd

// toHalf rounds src into pairs of bfloat16, ties to even, with a zero after an
// odd one.
func toHalf(dst, src []float32) {
	words := halves(dst)
	n := len(src) &^ 7
	if n > 0 {
		toHalfNEON(&words[0], &src[0], n)
	}
	for i, v := range src[n:] {
		words[n+i] = round(v)
	}
	clear(words[len(src):])
}

// pairRows rounds n pairs of rows of src, step values apart, to rows of a panel of 8
// columns; beyond columns it writes zeros.
func pairRows(dst, src []float32, step, n, columns int) {
	_, _ = dst[8*n-1], src[(2*n-1)*step+columns-1]
	if columns == 8 {
		pairRowsNEON(&dst[0], &src[0], 4*step, n)
		return
	}
	words := halves(dst)
	for i := range n {
		row, first, second := words[16*i:][:16], src[2*i*step:], src[(2*i+1)*step:]
		clear(row)
		for c := range columns {
			row[2*c], row[2*c+1] = round(first[c]), round(second[c])
		}
	}
}
