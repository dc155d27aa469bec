package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of Winograd's convolution F(4x4, 3x3), as Lavin and Gray give
// them (Fast Algorithms for Convolutional Neural Networks, 2015): first down the
// columns of a tile into scratch memory, then along its rows.

// winogradInput is B^T d for six values.
func winogradInput(w width, d []reg.VecVirtual) []reg.VecVirtual {
	two, four, five := w.memory(2), w.memory(4), w.memory(5)
	t := make([]reg.VecVirtual, 6)
	for i := range t {
		t[i] = w.reg()
	}
	a, b := w.reg(), w.reg()
	VMOVAPS(d[4], t[0])
	VFMADD231PS(four, d[0], t[0])
	VFNMADD231PS(five, d[2], t[0]) // 4 d0 - 5 d2 + d4
	VMOVAPS(d[5], t[5])
	VFMADD231PS(four, d[1], t[5])
	VFNMADD231PS(five, d[3], t[5]) // 4 d1 - 5 d3 + d5
	VMOVAPS(d[4], a)
	VFNMADD231PS(four, d[2], a)
	VMOVAPS(d[3], b)
	VFNMADD231PS(four, d[1], b)
	VADDPS(b, a, t[1]) // d4 - 4 d2 + (d3 - 4 d1)
	VSUBPS(b, a, t[2])
	VSUBPS(d[2], d[4], a)
	VSUBPS(d[1], d[3], b)
	VMULPS(two, b, b)
	VADDPS(b, a, t[3]) // d4 - d2 + 2 (d3 - d1)
	VSUBPS(b, a, t[4])
	return t
}

// winogradOutput is A^T m for six values.
func winogradOutput(w width, m []reg.VecVirtual) []reg.VecVirtual {
	two, four, eight := w.memory(2), w.memory(4), w.memory(8)
	y := make([]reg.VecVirtual, 4)
	for i := range y {
		y[i] = w.reg()
	}
	s2, d2 := w.reg(), w.reg()
	VADDPS(m[4], m[3], s2)
	VSUBPS(m[4], m[3], d2)
	VADDPS(m[2], m[1], y[2])
	VSUBPS(m[2], m[1], y[3])
	VADDPS(y[2], m[0], y[0])
	VADDPS(s2, y[0], y[0]) // m0 + (m1+m2) + (m3+m4)
	VMOVAPS(y[3], y[1])
	VFMADD231PS(two, d2, y[1])  // (m1-m2) + 2 (m3-m4)
	VFMADD231PS(four, s2, y[2]) // (m1+m2) + 4 (m3+m4)
	VADDPS(m[5], y[3], y[3])
	VFMADD231PS(eight, d2, y[3]) // (m1-m2) + 8 (m3-m4) + m5
	return y
}

func (w width) winograd() {
	at := func(base reg.Register, disp int) Mem { return Mem{Base: base, Disp: disp} }
	w.start("winogradInput", "func(dst, src, scratch *float32, rowStep, pixelStep, dstStep, n int)",
		"transforms a tile of 6x6 pixels into 36 values dstStep apart. Steps are in bytes; scratch has 36 vectors.")
	dst, src, scratch := pointer("dst"), pointer("src"), pointer("scratch")
	rowStep, pixelStep, dstStep, n := pointer("rowStep"), pointer("pixelStep"), pointer("dstStep"), pointer("n")
	column, p := GP64(), GP64()
	w.each(n, []reg.Register{dst, src}, func(v vector) {
		MOVQ(src, column)
		for x := range 6 {
			MOVQ(column, p)
			d := make([]reg.VecVirtual, 6)
			for y := range d {
				d[y] = v.load(p)
				if y < 5 {
					ADDQ(rowStep, p)
				}
			}
			for y, r := range winogradInput(w, d) {
				VMOVUPS(r, at(scratch, w.bytes*(6*y+x)))
			}
			if x < 5 {
				ADDQ(pixelStep, column)
			}
		}
		MOVQ(dst, p)
		for y := range 6 {
			d := make([]reg.VecVirtual, 6)
			for x := range d {
				d[x] = w.reg()
				VMOVUPS(at(scratch, w.bytes*(6*y+x)), d[x])
			}
			for x, r := range winogradInput(w, d) {
				v.store(r, p)
				if y*6+x < 35 {
					ADDQ(dstStep, p)
				}
			}
		}
	})
	end()

	w.start("winogradOutput", "func(dst, src, bias, scratch *float32, rowStep, pixelStep, srcStep, n int)",
		"transforms 36 values srcStep apart back to a tile of 4x4 pixels, and adds the bias. Steps are in bytes; scratch has 24 vectors.")
	dst, src, bias := pointer("dst"), pointer("src"), pointer("bias")
	scratch = pointer("scratch")
	rowStep, pixelStep, srcStep, n := pointer("rowStep"), pointer("pixelStep"), pointer("srcStep"), pointer("n")
	row, p2 := GP64(), GP64()
	w.each(n, []reg.Register{dst, src, bias}, func(v vector) {
		MOVQ(src, p2)
		for y := range 6 { // along the rows first, as they lie
			m := make([]reg.VecVirtual, 6)
			for x := range m {
				m[x] = v.load(p2)
				if y*6+x < 35 {
					ADDQ(srcStep, p2)
				}
			}
			for x, r := range winogradOutput(w, m) {
				VMOVUPS(r, at(scratch, w.bytes*(4*y+x)))
			}
		}
		b := v.load(bias)
		MOVQ(dst, row)
		for x := range 4 {
			m := make([]reg.VecVirtual, 6)
			for y := range m {
				m[y] = w.reg()
				VMOVUPS(at(scratch, w.bytes*(4*y+x)), m[y])
			}
			MOVQ(row, p2)
			for y, r := range winogradOutput(w, m) {
				VADDPS(b, r, r)
				v.store(r, p2)
				if y < 3 {
					ADDQ(rowStep, p2)
				}
			}
			if x < 3 {
				ADDQ(pixelStep, row)
			}
		}
	})
	end()
}
