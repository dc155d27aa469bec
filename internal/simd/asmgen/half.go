package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/cxrkit/cxrkit/internal/simd/asmgen/raw"
)

// zmm are the vector registers of the kernels on bfloat16, by number: Go's
// assembler has no name for the instructions of AVX512-BF16, so that they are
// written as bytes, and avo may not choose.
var zmm = []reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28,
}

// Prefixes of EVEX (Intel's manual, volume 2, 2.7).
const (
	prefixF3 = 2
	prefixF2 = 3
)

// evex writes an instruction of map 0F38 on registers of 512 bits: dst, and two
// sources, of which the manual names second the one before the last.
func evex(prefix, opcode byte, dst, second, last int) {
	not := func(register, bit int) byte { return byte(^register>>bit) & 1 }
	raw.Bytes(
		0x62,
		not(dst, 3)<<7|not(last, 4)<<6|not(last, 3)<<5|not(dst, 4)<<4|2,
		byte(^second&15)<<3|1<<2|prefix,
		2<<5|not(second, 4)<<3,
		opcode,
		3<<6|byte(dst&7)<<3|byte(last&7),
	)
}

// halfTile writes the micro-kernel of rows x 32 on pairs of bfloat16: as tile, but
// every element of a and b is two neighbors along the depth.
func halfTile(rows int) {
	name := fmt.Sprintf("gemmHalf_%dx32", rows)
	TEXT(name, NOSPLIT, "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, lds int)")
	Doc(name+" computes c = start + a*b for one tile of pairs of bfloat16, with sums in float32. Strides", "lda, ldc and lds are in bytes; b is packed by columns of the tile; k, of pairs, is at least 1.")
	const vectors = 2
	k, a, lda := pointer("k"), pointer("a"), pointer("lda")
	b, start, lds := pointer("b"), pointer("start"), pointer("lds")
	pointers := rowPointers(a, lda, rows)
	element := func(row int) Mem {
		m := Mem{Base: pointers[row/3]}
		if row%3 > 0 {
			m.Index, m.Scale = lda, uint8(row%3)
		}
		return m
	}
	sum := func(i, j int) int { return i*vectors + j }
	const column, scalar = 24, 26 // the first of two each
	for i := range rows {
		for j := range vectors {
			VMOVUPS(Mem{Base: start, Disp: 64 * j}, zmm[sum(i, j)])
		}
		if i+1 < rows {
			ADDQ(lds, start)
		}
	}
	Label("loop")
	for j := range vectors {
		VMOVUPS(Mem{Base: b, Disp: 64 * j}, zmm[column+j])
	}
	for i := range rows {
		s := scalar + i%2
		VBROADCASTSS(element(i), zmm[s])
		for j := range vectors {
			evex(prefixF3, 0x52, sum(i, j), s, column+j) // VDPBF16PS
		}
	}
	ADDQ(Imm(64*vectors), b)
	for _, p := range pointers {
		ADDQ(Imm(4), p)
	}
	DECQ(k)
	JNZ(LabelRef("loop"))
	c, ldc := pointer("c"), pointer("ldc")
	for i := range rows {
		for j := range vectors {
			VMOVUPS(zmm[sum(i, j)], Mem{Base: c, Disp: 64 * j})
		}
		if i+1 < rows {
			ADDQ(ldc, c)
		}
	}
	end()
}

// toHalf writes the rounding of float32 to bfloat16.
func toHalf() {
	TEXT("toHalf512", NOSPLIT, "func(dst *uint16, src *float32, n int)")
	Doc("toHalf512 rounds n values, a positive multiple of 32, to bfloat16, ties to even.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	Label("loop")
	VMOVUPS(Mem{Base: src}, zmm[0])
	VMOVUPS(Mem{Base: src, Disp: 64}, zmm[1])
	evex(prefixF2, 0x72, 2, 1, 0) // VCVTNE2PS2BF16: the last source is the lower half
	VMOVUPS(zmm[2], Mem{Base: dst})
	ADDQ(U32(128), src)
	ADDQ(Imm(64), dst)
	SUBQ(Imm(32), n)
	JNZ(LabelRef("loop"))
	end()
}

// pairRows writes the rounding of pairs of rows to rows of a panel of bfloat16.
func pairRows() {
	TEXT("pairRows512", NOSPLIT, "func(dst, src *float32, step, n, columns int)")
	Doc("pairRows512 rounds n pairs of rows, step bytes apart, to as many rows of a panel of 32 columns: of each column", "the two bfloat16 side by side, ties to even. Beyond columns, which are positive, it writes zeros.")
	dst, first, step, n := pointer("dst"), pointer("src"), pointer("step"), pointer("n")
	columns, bits := pointer("columns"), GP64()
	masks := []reg.OpmaskPhysical{reg.K1, reg.K2}
	MOVQ(I32(-1), bits)
	BZHIQ(columns, bits, bits)
	KMOVW(bits.As32(), masks[0])
	SHRQ(Imm(16), bits)
	KMOVW(bits.As32(), masks[1])
	const order = 4
	places := GLOBL("pairs", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i|(16+i)<<16))
	}
	VMOVUPS(places, zmm[order])
	second := GP64()
	LEAQ(Mem{Base: first, Index: step, Scale: 1}, second)
	SHLQ(Imm(1), step)
	Label("loop")
	for j, mask := range masks {
		VMOVUPS_Z(Mem{Base: first, Disp: 64 * j}, mask, zmm[0])
		VMOVUPS_Z(Mem{Base: second, Disp: 64 * j}, mask, zmm[1])
		evex(prefixF2, 0x72, 2, 1, 0) // VCVTNE2PS2BF16
		VPERMW(zmm[2], zmm[order], zmm[3])
		VMOVUPS(zmm[3], Mem{Base: dst, Disp: 64 * j})
	}
	ADDQ(step, first)
	ADDQ(step, second)
	ADDQ(U32(128), dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
