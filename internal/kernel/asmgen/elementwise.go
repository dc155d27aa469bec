package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// each writes a loop over n/8 vectors of eight; n is a multiple of 8 and not 0.
func each(n reg.Register, pointers []reg.Register, body func()) {
	SHRQ(Imm(3), n)
	Label("loop")
	body()
	for _, p := range pointers {
		ADDQ(Imm(32), p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func rectify() {
	TEXT("rectify256", NOSPLIT, "func(x *float32, n int)")
	Doc("rectify256 sets negative values to 0. n is a positive multiple of 8.")
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	zero, v := YMM(), YMM()
	VXORPS(zero, zero, zero)
	each(n, []reg.Register{x}, func() {
		VMAXPS(Mem{Base: x}, zero, v) // the second source wins on NaN, so NaN stays
		VMOVUPS(v, Mem{Base: x})
	})
}

func addTo(rectified bool) {
	name, doc := "add256", "adds src to dst."
	if rectified {
		name, doc = "addRectify256", "adds src to dst and sets negative sums to 0."
	}
	TEXT(name, NOSPLIT, "func(dst, src *float32, n int)")
	Doc(name + " " + doc + " n is a positive multiple of 8.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	zero, v := YMM(), YMM()
	VXORPS(zero, zero, zero)
	each(n, []reg.Register{dst, src}, func() {
		VMOVUPS(Mem{Base: src}, v)
		VADDPS(Mem{Base: dst}, v, v)
		if rectified {
			VMAXPS(v, zero, v)
		}
		VMOVUPS(v, Mem{Base: dst})
	})
}

// logistic writes x = sigmoid(x) or x*sigmoid(x). exp is a degree-6 polynomial
// on [-ln 2/2, ln 2/2] (Cephes expf), scaled by building the exponent's bits.
func logistic(name string, times bool) {
	TEXT(name, NOSPLIT, "func(x *float32, n int)")
	doc := " sets x to 1/(1+exp(-x))."
	if times {
		doc = " sets x to x/(1+exp(-x))."
	}
	Doc(name + doc + " n is a positive multiple of 8.")
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	constant := func(v float32) reg.VecVirtual {
		c := YMM()
		m := ConstData(name+"_"+literal(v), F32(v))
		VBROADCASTSS(m, c)
		return c
	}
	log2e, one := constant(math.Log2E), constant(1)
	high, low := constant(88), constant(-87)
	ln2high, ln2low := constant(0.693359375), constant(-2.12194440e-4)
	memory := func(v float32) Mem {
		return vectorData(name+"_v"+literal(v), v)
	}
	coefficients := []Mem{
		memory(1.9875691500e-4), memory(1.3981999507e-3), memory(8.3334519073e-3),
		memory(4.1665795894e-2), memory(1.6666665459e-1), memory(5.0000001201e-1),
	}
	v, t, k, p, square := YMM(), YMM(), YMM(), YMM(), YMM()
	each(n, []reg.Register{x}, func() {
		VMOVUPS(Mem{Base: x}, v)
		VXORPS(t, t, t)
		VSUBPS(v, t, t)
		VMINPS(t, high, t) // in this order NaN stays NaN
		VMAXPS(t, low, t)
		VMULPS(log2e, t, k)
		VROUNDPS(Imm(8), k, k)
		VFNMADD231PS(ln2high, k, t)
		VFNMADD231PS(ln2low, k, t)
		VMOVUPS(coefficients[0], p)
		for _, c := range coefficients[1:] {
			VFMADD213PS(c, t, p)
		}
		VMULPS(t, t, square)
		VFMADD213PS(t, square, p)
		VADDPS(one, p, p)
		VCVTPS2DQ(k, k)
		VPSLLD(Imm(23), k, k)
		VPADDD(one, k, k) // the bits of 2^k: 1.0 plus k in the exponent
		VMULPS(k, p, p)
		VADDPS(one, p, p)
		if times {
			VDIVPS(p, v, v)
		} else {
			VDIVPS(p, one, v)
		}
		VMOVUPS(v, Mem{Base: x})
	})
}

// literal makes a symbol's name of a number.
func literal(v float32) string {
	const digits = "0123456789abcdef"
	bits := math.Float32bits(v)
	name := make([]byte, 8)
	for i := range name {
		name[i] = digits[bits>>(28-4*i)&15]
	}
	return string(name)
}

// vectorData is a constant in all eight lanes.
func vectorData(name string, v float32) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, F32(v))
	}
	return m
}

// depthwise writes one pixel of a depthwise convolution over channels/8 vectors.
func depthwise() {
	TEXT("depthwise256", NOSPLIT, "func(out, bias, x, w *float32, xOffsets, wOffsets *int, taps, channels int)")
	Doc("depthwise256 computes out = bias + sum over taps of x[xOffset+c] * w[wOffset+c].", "Offsets are in bytes; channels is a positive multiple of 8, taps at least 1.")
	out, bias := Load(Param("out"), GP64()), Load(Param("bias"), GP64())
	x, w := Load(Param("x"), GP64()), Load(Param("w"), GP64())
	xo, wo := Load(Param("xOffsets"), GP64()), Load(Param("wOffsets"), GP64())
	taps, channels := Load(Param("taps"), GP64()), Load(Param("channels"), GP64())
	t, px, pw := GP64(), GP64(), GP64()
	for _, vectors := range []int{4, 1} {
		block, tap, end := "block"+literal(float32(vectors)), "tap"+literal(float32(vectors)), "end"+literal(float32(vectors))
		Label(block)
		CMPQ(channels, I32(int32(8*vectors)))
		JL(LabelRef(end))
		sums := make([]reg.VecVirtual, vectors)
		for j := range sums {
			sums[j] = YMM()
			VMOVUPS(Mem{Base: bias, Disp: 32 * j}, sums[j])
		}
		XORQ(t, t)
		Label(tap)
		MOVQ(Mem{Base: xo, Index: t, Scale: 8}, px)
		MOVQ(Mem{Base: wo, Index: t, Scale: 8}, pw)
		ADDQ(x, px)
		ADDQ(w, pw)
		for j := range sums {
			v := YMM()
			VMOVUPS(Mem{Base: px, Disp: 32 * j}, v)
			VFMADD231PS(Mem{Base: pw, Disp: 32 * j}, v, sums[j])
		}
		INCQ(t)
		CMPQ(t, taps)
		JL(LabelRef(tap))
		for j := range sums {
			VMOVUPS(sums[j], Mem{Base: out, Disp: 32 * j})
		}
		for _, p := range []reg.Register{out, bias, x, w} {
			ADDQ(I32(int32(32*vectors)), p)
		}
		SUBQ(I32(int32(8*vectors)), channels)
		JMP(LabelRef(block))
		Label(end)
	}
	VZEROUPPER()
	RET()
}
