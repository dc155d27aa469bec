package main

// The transforms of Winograd's convolution F(4x4, 3x3), as Lavin and Gray give
// them (Fast Algorithms for Convolutional Neural Networks, 2015): first down the
// columns of a tile into scratch memory, then along its rows.

// winogradInput is B^T d for six values; c are 2, 4 and 5 in all lanes.
func (k *function) winogradInput(d, c []vreg) []vreg {
	two, four, five := c[0], c[1], c[2]
	t := k.vecs(6)
	a, b := k.vec(), k.vec()
	k.move(t[0], d[4])
	k.three("FMLA", t[0], four, d[0])
	k.three("FMLS", t[0], five, d[2]) // 4 d0 - 5 d2 + d4
	k.move(t[5], d[5])
	k.three("FMLA", t[5], four, d[1])
	k.three("FMLS", t[5], five, d[3]) // 4 d1 - 5 d3 + d5
	k.move(a, d[4])
	k.three("FMLS", a, four, d[2])
	k.move(b, d[3])
	k.three("FMLS", b, four, d[1])
	k.three("FADD", t[1], a, b) // d4 - 4 d2 + (d3 - 4 d1)
	k.three("FSUB", t[2], a, b)
	k.three("FSUB", a, d[4], d[2])
	k.three("FSUB", b, d[3], d[1])
	k.three("FMUL", b, two, b)
	k.three("FADD", t[3], a, b) // d4 - d2 + 2 (d3 - d1)
	k.three("FSUB", t[4], a, b)
	return t
}

// winogradOutput is A^T m for six values; c are 2, 4 and 8 in all lanes.
func (k *function) winogradOutput(m, c []vreg) []vreg {
	two, four, eight := c[0], c[1], c[2]
	y := k.vecs(4)
	s2, d2 := k.vec(), k.vec()
	k.three("FADD", s2, m[3], m[4])
	k.three("FSUB", d2, m[3], m[4])
	k.three("FADD", y[2], m[1], m[2])
	k.three("FSUB", y[3], m[1], m[2])
	k.three("FADD", y[0], m[0], y[2])
	k.three("FADD", y[0], y[0], s2) // m0 + (m1+m2) + (m3+m4)
	k.move(y[1], y[3])
	k.three("FMLA", y[1], two, d2)  // (m1-m2) + 2 (m3-m4)
	k.three("FMLA", y[2], four, s2) // (m1+m2) + 4 (m3+m4)
	k.three("FADD", y[3], y[3], m[5])
	k.three("FMLA", y[3], eight, d2) // (m1-m2) + 8 (m3-m4) + m5
	return y
}

func winograd(f *file) {
	k := f.start("winogradInputNEON", "func(dst, src, scratch *float32, rowStep, pixelStep, dstStep, n int)",
		"transforms a tile of 6x6 pixels into 36 values dstStep apart. Steps are in bytes; scratch has 36 vectors. n is positive.")
	dst, src, memory := k.param("dst"), k.param("src"), k.param("scratch")
	rowStep, pixelStep, dstStep, n := k.param("rowStep"), k.param("pixelStep"), k.param("dstStep"), k.param("n")
	column, p := k.general(), k.general()
	c := k.constants(2, 4, 5)
	k.one(n, []reg{dst, src}, func(v vector) {
		k.op("MOVD R%d, R%d", src, column)
		for x := range 6 {
			k.op("MOVD R%d, R%d", column, p)
			vectors := k.vectors
			d := make([]vreg, 6)
			for y := range d {
				d[y] = v.load(p)
				if y < 5 {
					k.add(rowStep, p)
				}
			}
			for y, r := range k.winogradInput(d, c) {
				k.op("FMOVQ F%d, %d(R%d)", r, 16*(6*y+x), memory)
			}
			k.vectors = vectors
			if x < 5 {
				k.add(pixelStep, column)
			}
		}
		k.op("MOVD R%d, R%d", dst, p)
		for y := range 6 {
			vectors := k.vectors
			d := k.vecs(6)
			for x := 0; x < 6; x += 2 {
				k.op("FLDPQ %d(R%d), (F%d, F%d)", 16*(6*y+x), memory, d[x], d[x+1])
			}
			for x, r := range k.winogradInput(d, c) {
				v.store(r, p)
				if y*6+x < 35 {
					k.add(dstStep, p)
				}
			}
			k.vectors = vectors
		}
	})
	k.end()

	k = f.start("winogradOutputNEON", "func(dst, src, bias, scratch *float32, rowStep, pixelStep, srcStep, n int)",
		"transforms 36 values srcStep apart back to a tile of 4x4 pixels, and adds the bias. Steps are in bytes; scratch has 24 vectors. n is positive.")
	dst, src, bias, memory := k.param("dst"), k.param("src"), k.param("bias"), k.param("scratch")
	rowStep, pixelStep, srcStep, n := k.param("rowStep"), k.param("pixelStep"), k.param("srcStep"), k.param("n")
	row, p := k.general(), k.general()
	c = k.constants(2, 4, 8)
	k.one(n, []reg{dst, src, bias}, func(v vector) {
		k.op("MOVD R%d, R%d", src, p)
		for y := range 6 { // along the rows first, as they lie
			vectors := k.vectors
			m := make([]vreg, 6)
			for x := range m {
				m[x] = v.load(p)
				if y*6+x < 35 {
					k.add(srcStep, p)
				}
			}
			for x, r := range k.winogradOutput(m, c) {
				k.op("FMOVQ F%d, %d(R%d)", r, 16*(6*x+y), memory)
			}
			k.vectors = vectors
		}
		b := v.load(bias)
		k.op("MOVD R%d, R%d", dst, row)
		for x := range 4 {
			vectors := k.vectors
			m := k.vecs(6)
			for y := 0; y < 6; y += 2 {
				k.op("FLDPQ %d(R%d), (F%d, F%d)", 16*(6*x+y), memory, m[y], m[y+1])
			}
			k.op("MOVD R%d, R%d", row, p)
			for y, r := range k.winogradOutput(m, c) {
				k.three("FADD", r, r, b)
				v.store(r, p)
				if y < 3 {
					k.add(rowStep, p)
				}
			}
			k.vectors = vectors
			if x < 3 {
				k.add(pixelStep, row)
			}
		}
	})
	k.end()
}
