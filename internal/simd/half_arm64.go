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
