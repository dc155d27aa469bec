package main

// toHalf writes the rounding of float32 to bfloat16.
func toHalf(f *file) {
	k := f.start("toHalfNEON", "func(dst *uint16, src *float32, n int)", "rounds n values, a positive multiple of 8, to bfloat16, ties to even, by FEAT_BF16.")
	dst, src, n := k.param("dst"), k.param("src"), k.param("n")
	k.steps(n, 8, func() { k.op("FMOVQ.P F%d, 16(R%d)", k.rounded(k.load(src, 2)), dst) })
	k.end()
}

// pairRows writes the rounding of pairs of rows to rows of a panel of bfloat16.
func pairRows(f *file) {
	k := f.start("pairRowsNEON", "func(dst, src *float32, step, n int)", "rounds n pairs of rows, step bytes apart, to as many rows of a panel of 8 columns: of each column",
		"the two bfloat16 side by side, ties to even, by FEAT_BF16. n is positive.")
	dst, src, step, n := k.param("dst"), k.param("src"), k.param("step"), k.param("n")
	k.op("SUB $32, R%d", step) // which the pointer has moved by at the end of a row
	k.steps(n, 1, func() {
		var row [2]vreg
		for i := range row {
			row[i] = k.rounded(k.load(src, 2))
			k.add(step, src)
		}
		pairs := k.vecs(2)
		k.op("VZIP1 V%d.H8, V%d.H8, V%d.H8", row[1], row[0], pairs[0])
		k.op("VZIP2 V%d.H8, V%d.H8, V%d.H8", row[1], row[0], pairs[1])
		k.store(pairs, dst)
	})
	k.end()
}

// rounded is the bfloat16 of two vectors.
func (k *function) rounded(x []vreg) vreg {
	r := k.vec()
	k.word(encodeRound(r, x[0], false))
	k.word(encodeRound(r, x[1], true))
	return r
}
