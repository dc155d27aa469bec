package main

import "fmt"

// depthwise writes neighboring pixels of a depthwise convolution: a weight that
// is loaded serves all of them.
func depthwise(f *file, pixels int) {
	k := f.start(fmt.Sprintf("depthwiseNEON_%d", pixels), "func(out, bias, x, w *float32, xOffsets, wOffsets *int, taps, xStep, outStep, n int)",
		"computes out = bias + sum over taps of x[xOffset+c] * w[wOffset+c] for",
		fmt.Sprintf("%d pixels, xStep and outStep apart. Offsets and steps are in bytes; taps and n are at least 1.", pixels))
	out, bias, x, weights := k.param("out"), k.param("bias"), k.param("x"), k.param("w")
	xOffsets, wOffsets, taps := k.param("xOffsets"), k.param("wOffsets"), k.param("taps")
	xStep, outStep, n := k.param("xStep"), k.param("outStep"), k.param("n")
	left, nextX, nextW, at := k.general(), k.general(), k.general(), k.general()
	k.each(n, []reg{out, bias, x, weights}, func(vs []vector) {
		sums := make([][]vreg, pixels)
		for i := range sums {
			for j, v := range vs {
				if i == 0 {
					sums[i] = append(sums[i], v.load(bias))
					continue
				}
				sums[i] = append(sums[i], k.vec())
				k.move(sums[i][j], sums[0][j])
			}
		}
		k.op("MOVD R%d, R%d", taps, left)
		k.op("MOVD R%d, R%d", xOffsets, nextX)
		k.op("MOVD R%d, R%d", wOffsets, nextW)
		tap := k.unique("tap")
		k.label(tap)
		k.op("MOVD.P 8(R%d), R%d", nextW, at)
		k.add(weights, at)
		weight := loadAll(vs, at)
		k.op("MOVD.P 8(R%d), R%d", nextX, at)
		k.add(x, at)
		for i := range sums {
			vectors := k.vectors
			for j, r := range loadAll(vs, at) {
				k.three("FMLA", sums[i][j], r, weight[j])
			}
			if i%2 == 1 {
				k.vectors = vectors // two pixels' values are under way at once
			}
			if i+1 < pixels {
				k.add(xStep, at)
			}
		}
		k.op("SUBS $1, R%d", left)
		k.op("BNE %s", tap)
		k.op("MOVD R%d, R%d", out, at)
		for i := range sums {
			for j, v := range vs {
				v.store(sums[i][j], at)
			}
			if i+1 < pixels {
				k.add(outStep, at)
			}
		}
	})
	k.end()
}

// loadAll loads neighboring vectors at a pointer.
func loadAll(vs []vector, from reg) []vreg {
	if len(vs) == 1 {
		return []vreg{vs[0].load(from)}
	}
	r := vs[0].vecs(2)
	vs[0].op("FLDPQ (R%d), (F%d, F%d)", from, r[0], r[1])
	return r
}
