// Int8 writes the assembly of package simd for products of bytes. Run go generate
// there.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/cxrkit/cxrkit/internal/simd/asmgen/raw"
)

// columns is the width of a panel and of a tile of sums.
const columns = 32

func main() {
	ConstraintExpr("amd64")
	for rows := 1; rows <= 12; rows++ {
		dot512(rows)
	}
	for rows := 1; rows <= 3; rows++ {
		dot256(rows)
	}
	for rows := 1; rows <= 6; rows++ {
		dotVNNI(rows)
	}
	for _, w := range []width{{"256", 32, YMM}, {"512", 64, ZMM}} {
		w.requantize()
		w.rescale()
		w.quantize()
		w.widen()
		w.snap()
		w.addBytes()
		w.extremes()
	}
	maxBytes()
	Generate()
}

// A width is a vector length: its name in functions, bytes and registers.
type width struct {
	name  string
	bytes int
	reg   func() reg.VecVirtual
}

func (w width) lanes() int { return w.bytes / 4 }

func (w width) wide() bool { return w.bytes == 64 }

func pointer(name string) reg.Register { return Load(Param(name), GP64()) }

func (w width) broadcast(name string) reg.VecVirtual {
	x, r := XMM(), w.reg()
	Load(Param(name), x)
	VBROADCASTSS(x, r)
	return r
}

func end() {
	VZEROUPPER()
	RET()
}

// rowPointers are pointers each of which serves three rows: base, base+lda,
// base+2*lda.
func rowPointers(a, lda reg.Register, rows int) []reg.Register {
	pointers := make([]reg.Register, (rows+2)/3)
	pointers[0] = a
	if len(pointers) > 1 {
		three := GP64()
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, three)
		for i := 1; i < len(pointers); i++ {
			pointers[i] = GP64()
			LEAQ(Mem{Base: pointers[i-1], Index: three, Scale: 1}, pointers[i])
		}
	}
	return pointers
}

func element(pointers []reg.Register, lda reg.Register, row, disp int) Mem {
	m := Mem{Base: pointers[row/3], Disp: disp}
	if row%3 > 0 {
		m.Index, m.Scale = lda, uint8(row%3)
	}
	return m
}

const signature = "func(k int, a *uint8, lda int, b *int8, c *int32, start *int32, lds int)"

// dot512 writes the micro-kernel of rows x 32 by VPDPBUSD, which adds four
// products of neighbors along the depth to a sum, without saturation.
func dot512(rows int) {
	name := fmt.Sprintf("dot512_%dx%d", rows, columns)
	TEXT(name, NOSPLIT, signature)
	Doc(name+" computes c = start + a*b for one tile of bytes by VNNI. k, of groups of four neighbors along", "the depth, is at least 1; b is packed by columns of the tile. Strides are in bytes; c has none.")
	k, a, lda := pointer("k"), pointer("a"), pointer("lda")
	b, start, lds := pointer("b"), pointer("start"), pointer("lds")
	pointers := rowPointers(a, lda, rows)
	const vectors = columns / 16
	sum := make([][vectors]reg.VecVirtual, rows)
	for i := range sum {
		for j := range vectors {
			sum[i][j] = ZMM()
			VMOVDQU32(Mem{Base: start, Disp: 64 * j}, sum[i][j])
		}
		if i+1 < rows {
			ADDQ(lds, start)
		}
	}
	column := [vectors]reg.VecVirtual{ZMM(), ZMM()}
	four := [2]reg.VecVirtual{ZMM(), ZMM()} // two, so that loads run ahead
	step := func(u int) {
		for j := range column {
			VMOVDQU32(Mem{Base: b, Disp: 4*columns*u + 64*j}, column[j])
		}
		for i := range rows {
			s := four[i%2]
			VPBROADCASTD(element(pointers, lda, i, 4*u), s)
			for j := range column {
				VPDPBUSD(column[j], s, sum[i][j])
			}
		}
	}
	const unroll = 2
	pairs := GP64()
	MOVQ(k, pairs)
	SHRQ(Imm(1), pairs)
	JZ(LabelRef("odd"))
	Label("loop")
	for u := range unroll {
		step(u)
	}
	ADDQ(I32(unroll*4*columns), b)
	for _, p := range pointers {
		ADDQ(Imm(4*unroll), p)
	}
	DECQ(pairs)
	JNZ(LabelRef("loop"))
	Label("odd")
	TESTQ(U32(1), k)
	JZ(LabelRef("store"))
	step(0)
	Label("store")
	c := pointer("c")
	for i := range rows {
		for j := range column {
			VMOVDQU32(sum[i][j], Mem{Base: c, Disp: 4*columns*i + 64*j})
		}
	}
	end()
}

// dot256 writes the micro-kernel of rows x 16, half a tile, by VPMADDWD: bytes
// become words first, as VPMADDUBSW would saturate.
func dot256(rows int) {
	name := fmt.Sprintf("dot256_%dx16", rows)
	TEXT(name, NOSPLIT, signature)
	Doc(name+" computes c = start + a*b for half a tile of bytes. k, of groups of four neighbors along the", "depth, is at least 1; b is packed by columns of the whole tile. Strides are in bytes; c has none.")
	k, a, lda := pointer("k"), pointer("a"), pointer("lda")
	b, start, lds := pointer("b"), pointer("start"), pointer("lds")
	pointers := rowPointers(a, lda, rows)
	const vectors = 4 // of four columns, each with two sums
	sum := make([][vectors]reg.VecVirtual, rows)
	for i := range sum {
		for j := range vectors {
			sum[i][j] = YMM()
			VPXOR(sum[i][j], sum[i][j], sum[i][j])
		}
	}
	column, product := YMM(), YMM()
	four := make([]reg.VecVirtual, rows)
	for i := range four {
		four[i] = YMM()
	}
	Label("loop")
	for i, s := range four {
		VPBROADCASTD(element(pointers, lda, i, 0), s.AsX())
		VPMOVZXBW(s.AsX(), s)
	}
	if rows < 3 {
		for j := range vectors {
			VPMOVSXBW(Mem{Base: b, Disp: 16 * j}, column)
			for i, s := range four {
				VPMADDWD(column, s, product)
				VPADDD(product, sum[i][j], sum[i][j])
			}
		}
	} else { // no register is left for the column beside the product
		for j := range vectors {
			for i, s := range four {
				VPMOVSXBW(Mem{Base: b, Disp: 16 * j}, product)
				VPMADDWD(product, s, product)
				VPADDD(product, sum[i][j], sum[i][j])
			}
		}
	}
	ADDQ(I32(4*columns), b)
	for _, p := range pointers {
		ADDQ(Imm(4), p)
	}
	DECQ(k)
	JNZ(LabelRef("loop"))
	c := pointer("c")
	for i := range rows {
		for j := 0; j < vectors; j += 2 {
			// The sums of columns 0 1 4 5 and 2 3 6 7.
			VPHADDD(sum[i][j+1], sum[i][j], sum[i][j])
			VPERMQ(Imm(0b11_01_10_00), sum[i][j], sum[i][j])
			VPADDD(Mem{Base: start, Disp: 16 * j}, sum[i][j], sum[i][j])
			VMOVDQU(sum[i][j], Mem{Base: c, Disp: 4*columns*i + 16*j})
		}
		if i+1 < rows {
			ADDQ(lds, start)
		}
	}
	end()
}

// ymm are the vector registers of dotVNNI, by number: Go's assembler has AVX-512's
// encoding of VPDPBUSD only, so that AVX-VNNI's is written as bytes, and avo may not
// choose.
var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// vpdpbusd adds products of four unsigned bytes and four signed ones to a sum, by the
// encoding of AVX-VNNI (VEX.256.66.0F38.W0 50 /r).
func vpdpbusd(sum, unsigned, signed int) {
	not := func(register int) byte { return byte(^register>>3) & 1 }
	Comment(fmt.Sprintf("{vex} vpdpbusd ymm%d, ymm%d, ymm%d", sum, unsigned, signed))
	raw.Bytes(
		0xc4,
		not(sum)<<7|1<<6|not(signed)<<5|2,
		byte(^unsigned&15)<<3|1<<2|1,
		0x50,
		3<<6|byte(sum&7)<<3|byte(signed&7),
	)
}

// dotVNNI writes dot512's micro-kernel for half a tile, of rows x 16, for processors
// without AVX-512.
func dotVNNI(rows int) {
	name := fmt.Sprintf("dotVNNI_%dx16", rows)
	TEXT(name, NOSPLIT, signature)
	Doc(name+" computes c = start + a*b for half a tile of bytes by AVX-VNNI. k, of groups of four neighbors along", "the depth, is at least 1; b is packed by columns of the whole tile. Strides are in bytes; c has none.")
	k, a, lda := pointer("k"), pointer("a"), pointer("lda")
	b, start, lds := pointer("b"), pointer("start"), pointer("lds")
	pointers := rowPointers(a, lda, rows)
	const vectors = 2
	sum := func(i, j int) int { return i*vectors + j }
	const column, four = 12, 14 // the first of two each
	for i := range rows {
		for j := range vectors {
			VMOVDQU(Mem{Base: start, Disp: 32 * j}, ymm[sum(i, j)])
		}
		if i+1 < rows {
			ADDQ(lds, start)
		}
	}
	Label("loop")
	for j := range vectors {
		VMOVDQU(Mem{Base: b, Disp: 32 * j}, ymm[column+j])
	}
	for i := range rows {
		s := four + i%2
		VPBROADCASTD(element(pointers, lda, i, 0), ymm[s])
		for j := range vectors {
			vpdpbusd(sum(i, j), s, column+j)
		}
	}
	ADDQ(I32(4*columns), b)
	for _, p := range pointers {
		ADDQ(Imm(4), p)
	}
	DECQ(k)
	JNZ(LabelRef("loop"))
	c := pointer("c")
	for i := range rows {
		for j := range vectors {
			VMOVDQU(ymm[sum(i, j)], Mem{Base: c, Disp: 4*columns*i + 32*j})
		}
	}
	end()
}

// A bounds is what values are limited to before they become bytes.
type bounds struct{ low, high, zero reg.VecVirtual }

func (w width) bounds() bounds {
	zero := w.broadcast("zero")
	VCVTPS2DQ(zero, zero)
	return bounds{w.broadcast("low"), w.broadcast("high"), zero}
}

// toIntegers rounds values, limited, ties to even, and adds the zero point. A NaN
// becomes the low limit.
func (b bounds) toIntegers(x reg.VecVirtual) {
	VMAXPS(b.low, x, x)
	VMINPS(b.high, x, x)
	VCVTPS2DQ(x, x)
	VPADDD(b.zero, x, x)
}

var order Mem

// store writes 32 integers of 0 to 255 as bytes.
func (w width) store(x []reg.VecVirtual, to Mem) {
	if w.wide() {
		for j, v := range x {
			to := to
			to.Disp += 16 * j
			VPMOVUSDB(v, to)
		}
		return
	}
	VPACKUSDW(x[1], x[0], x[0])
	VPACKUSDW(x[3], x[2], x[2])
	VPACKUSWB(x[2], x[0], x[0])
	if order.Symbol.Name == "" {
		order = GLOBL("byteOrder", RODATA|NOPTR)
		for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
			DATA(4*i, U32(v))
		}
	}
	lanes := w.reg()
	VMOVDQU(order, lanes)
	VPERMD(x[0], lanes, x[0])
	VMOVDQU(x[0], to)
}

func (w width) vectors() []reg.VecVirtual {
	x := make([]reg.VecVirtual, columns/w.lanes())
	for j := range x {
		x[j] = w.reg()
	}
	return x
}

// A step is how far a pointer moves in a pass.
type step struct {
	pointer reg.Register
	bytes   int
}

// each writes a loop over n values, 32 at a time.
func each(n reg.Register, body func(), steps ...step) {
	Label("loop")
	body()
	for _, s := range steps {
		ADDQ(I32(int32(s.bytes)), s.pointer)
	}
	SUBQ(Imm(columns), n)
	JNZ(LabelRef("loop"))
	end()
}

func (w width) requantize() {
	TEXT("requantize"+w.name, NOSPLIT, "func(dst *uint8, ldd int, sums *int32, rows int, scale *float32, low, high, zero float32)")
	Doc("requantize"+w.name+" sets rows of 32 bytes, ldd bytes apart, to round(min(max(sum*scale, low), high)) + zero, ties", "to even. scale is one for each column; rows is positive.")
	dst, ldd, sums, rows, scale := pointer("dst"), pointer("ldd"), pointer("sums"), pointer("rows"), pointer("scale")
	b := w.bounds()
	Label("loop")
	x := w.vectors()
	for j, v := range x {
		VCVTDQ2PS(Mem{Base: sums, Disp: w.bytes * j}, v)
		VMULPS(Mem{Base: scale, Disp: w.bytes * j}, v, v)
		b.toIntegers(v)
	}
	w.store(x, Mem{Base: dst})
	ADDQ(ldd, dst)
	ADDQ(I32(4*columns), sums)
	DECQ(rows)
	JNZ(LabelRef("loop"))
	end()
}

func (w width) rescale() {
	TEXT("rescale"+w.name, NOSPLIT, "func(dst *float32, ldd int, sums *int32, rows int, scale, bias *float32)")
	Doc("rescale"+w.name+" sets rows of 32 values, ldd bytes apart, to sum*scale + bias, which are one for each column;", "rows is positive.")
	dst, ldd, sums, rows, scale, bias := pointer("dst"), pointer("ldd"), pointer("sums"), pointer("rows"), pointer("scale"), pointer("bias")
	Label("loop")
	for j, v := range w.vectors() {
		VCVTDQ2PS(Mem{Base: sums, Disp: w.bytes * j}, v)
		VMULPS(Mem{Base: scale, Disp: w.bytes * j}, v, v)
		VADDPS(Mem{Base: bias, Disp: w.bytes * j}, v, v)
		VMOVUPS(v, Mem{Base: dst, Disp: w.bytes * j})
	}
	ADDQ(ldd, dst)
	ADDQ(I32(4*columns), sums)
	DECQ(rows)
	JNZ(LabelRef("loop"))
	end()
}

func (w width) quantize() {
	TEXT("quantize"+w.name, NOSPLIT, "func(dst *uint8, src *float32, n int, scale, low, high, zero float32)")
	Doc("quantize" + w.name + " sets dst to round(min(max(src/scale, low), high)) + zero, ties to even; n is a positive multiple of 32.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	scale, b := w.broadcast("scale"), w.bounds()
	each(n, func() {
		x := w.vectors()
		for j, v := range x {
			VMOVUPS(Mem{Base: src, Disp: w.bytes * j}, v)
			VDIVPS(scale, v, v)
			b.toIntegers(v)
		}
		w.store(x, Mem{Base: dst})
	}, step{dst, columns}, step{src, 4 * columns})
}

// load reads bytes less their zero point, times their scale.
func (w width) load(from Mem, zero, scale, v reg.VecVirtual) {
	VPMOVZXBD(from, v)
	VCVTDQ2PS(v, v)
	VSUBPS(zero, v, v)
	VMULPS(scale, v, v)
}

func (w width) widen() {
	TEXT("widen"+w.name, NOSPLIT, "func(dst *float32, src *uint8, n int, scale, zero float32)")
	Doc("widen" + w.name + " sets dst to (src - zero)*scale; n is a positive multiple of 32.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	scale, zero := w.broadcast("scale"), w.broadcast("zero")
	each(n, func() {
		for j, v := range w.vectors() {
			w.load(Mem{Base: src, Disp: w.lanes() * j}, zero, scale, v)
			VMOVUPS(v, Mem{Base: dst, Disp: w.bytes * j})
		}
	}, step{dst, 4 * columns}, step{src, columns})
}

func (w width) snap() {
	TEXT("snap"+w.name, NOSPLIT, "func(dst, src *float32, n int, scale, low, high float32)")
	Doc("snap" + w.name + " sets dst to round(min(max(src/scale, low), high))*scale, ties to even; n is a positive multiple of 32.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	scale, low, high := w.broadcast("scale"), w.broadcast("low"), w.broadcast("high")
	each(n, func() {
		for j, v := range w.vectors() {
			VMOVUPS(Mem{Base: src, Disp: w.bytes * j}, v)
			VDIVPS(scale, v, v)
			VMAXPS(low, v, v)
			VMINPS(high, v, v)
			VCVTPS2DQ(v, v)
			VCVTDQ2PS(v, v)
			VMULPS(scale, v, v)
			VMOVUPS(v, Mem{Base: dst, Disp: w.bytes * j})
		}
	}, step{dst, 4 * columns}, step{src, 4 * columns})
}

func (w width) addBytes() {
	TEXT("addBytes"+w.name, NOSPLIT, "func(dst, a, b *uint8, n int, scaleA, zeroA, scaleB, zeroB, scale, low, high, zero float32)")
	Doc("addBytes"+w.name+" sets dst to round(min(max(((a-zeroA)*scaleA + (b-zeroB)*scaleB)/scale, low), high)) + zero, ties to", "even; n is a positive multiple of 32.")
	dst, a, b, n := pointer("dst"), pointer("a"), pointer("b"), pointer("n")
	scaleA, zeroA, scaleB, zeroB, scale := w.broadcast("scaleA"), w.broadcast("zeroA"), w.broadcast("scaleB"), w.broadcast("zeroB"), w.broadcast("scale")
	limits := w.bounds()
	each(n, func() {
		x, y := w.vectors(), w.reg()
		for j, v := range x {
			w.load(Mem{Base: a, Disp: w.lanes() * j}, zeroA, scaleA, v)
			w.load(Mem{Base: b, Disp: w.lanes() * j}, zeroB, scaleB, y)
			VADDPS(y, v, v)
			VDIVPS(scale, v, v)
			limits.toIntegers(v)
		}
		w.store(x, Mem{Base: dst})
	}, step{dst, columns}, step{a, columns}, step{b, columns})
}

func (w width) extremes() {
	TEXT("extremes"+w.name, NOSPLIT, "func(x *float32, n int) (low, high float32)")
	Doc("extremes" + w.name + " is the smallest and the largest value, or 0 beyond them; n is a positive multiple of 32.")
	x, n := pointer("x"), pointer("n")
	low, high := w.reg(), w.reg()
	zero := XMM()
	VXORPS(zero, zero, zero)
	VBROADCASTSS(zero, low)
	VBROADCASTSS(zero, high)
	Label("loop")
	for j, v := range w.vectors() {
		VMOVUPS(Mem{Base: x, Disp: w.bytes * j}, v)
		VMINPS(low, v, low) // the sum so far wins over a NaN
		VMAXPS(high, v, high)
	}
	ADDQ(I32(4*columns), x)
	SUBQ(Imm(columns), n)
	JNZ(LabelRef("loop"))
	w.fold(low, func(o ...Op) { VMINPS(o...) })
	w.fold(high, func(o ...Op) { VMAXPS(o...) })
	Store(low.AsX(), Return("low"))
	Store(high.AsX(), Return("high"))
	end()
}

// fold leaves what op makes of all lanes in the first.
func (w width) fold(r reg.VecVirtual, op func(ops ...Op)) {
	y := r.AsY()
	if w.wide() {
		half := YMM()
		VEXTRACTF64X4(Imm(1), r, half)
		op(half, y, y)
	}
	x, t := r.AsX(), XMM()
	VEXTRACTF128(Imm(1), y, t)
	op(t, x, x)
	VMOVHLPS(x, x, t)
	op(t, x, x)
	VMOVSHDUP(x, t)
	op(t, x, x)
}

func maxBytes() {
	TEXT("maxBytes256", NOSPLIT, "func(dst, a, b *uint8, n int)")
	Doc("maxBytes256 sets dst to the larger of a and b; n is a positive multiple of 32.")
	dst, a, b, n := pointer("dst"), pointer("a"), pointer("b"), pointer("n")
	each(n, func() {
		v := YMM()
		VMOVDQU(Mem{Base: a}, v)
		VPMAXUB(Mem{Base: b}, v, v)
		VMOVDQU(v, Mem{Base: dst})
	}, step{dst, columns}, step{a, columns}, step{b, columns})
}
