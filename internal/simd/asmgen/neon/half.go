package main

// toHalf writes the rounding of float32 to bfloat16.
func toHalf(f *file) {
	k := f.start("toHalfNEON", "func(dst *uint16, src *float32, n int)", "rounds n values, a positive multiple of 8, to bfloat16, ties to even, by FEAT_BF16.")
	dst, src, n := k.param("dst"), k.param("src"), k.param("n")
	k.steps(n, 8, func() {
		x := k.load(src, 2)
		pairs := k.vec()
		k.word(encodeRound(pairs, x[0], false))
		k.word(encodeRound(pairs, x[1], true))
		k.op("FMOVQ.P F%d, 16(R%d)", pairs, dst)
	})
	k.end()
}
