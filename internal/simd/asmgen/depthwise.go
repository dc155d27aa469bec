package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise writes neighboring pixels of a depthwise convolution: a weight that
// is loaded serves all of them.
func (w width) depthwise(pixels int) {
	TEXT(fmt.Sprintf("depthwise%s_%d", w.name, pixels), NOSPLIT, "func(out, bias, x, w *float32, xOffsets, wOffsets *int, taps, xStep, outStep, n int)")
	Doc(fmt.Sprintf("depthwise%s_%d computes out = bias + sum over taps of x[xOffset+c] * w[wOffset+c] for", w.name, pixels),
		fmt.Sprintf("%d pixels, xStep and outStep apart. Offsets and steps are in bytes; taps is at least 1.", pixels), w.scope())
	out, bias, x, weights := pointer("out"), pointer("bias"), pointer("x"), pointer("w")
	xOffsets, wOffsets, taps := pointer("xOffsets"), pointer("wOffsets"), pointer("taps")
	xStep, outStep, n := pointer("xStep"), pointer("outStep"), pointer("n")
	t, px, pw, po := GP64(), GP64(), GP64(), GP64()
	part := 0
	w.each(n, []reg.Register{out, bias, x, weights}, func(v vector) {
		part++
		tap := fmt.Sprintf("tap%d", part)
		sums := make([]reg.VecVirtual, pixels)
		sums[0] = v.load(bias)
		for i := 1; i < pixels; i++ {
			sums[i] = w.reg()
			VMOVAPS(sums[0], sums[i])
		}
		XORQ(t, t)
		Label(tap)
		MOVQ(Mem{Base: xOffsets, Index: t, Scale: 8}, px)
		MOVQ(Mem{Base: wOffsets, Index: t, Scale: 8}, pw)
		ADDQ(x, px)
		ADDQ(weights, pw)
		weight := v.load(pw)
		for i := range sums {
			VFMADD231PS(v.load(px), weight, sums[i])
			if i+1 < pixels {
				ADDQ(xStep, px)
			}
		}
		INCQ(t)
		CMPQ(t, taps)
		JL(LabelRef(tap))
		MOVQ(out, po)
		for i := range sums {
			v.store(sums[i], po)
			if i+1 < pixels {
				ADDQ(outStep, po)
			}
		}
	})
	end()
}
