package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A width is a vector length: its name in functions, bytes and registers.
type width struct {
	name  string
	bytes int
	reg   func() reg.VecVirtual
}

var (
	width256 = width{"256", 32, YMM}
	width512 = width{"512", 64, ZMM}
)

// tile writes the micro-kernel of rows x (vectors*lanes): it keeps the tile in
// registers over the whole depth k, which must be at least 1.
func tile(w width, rows, vectors int) {
	name := fmt.Sprintf("gemm%s_%dx%d", w.name, rows, vectors*w.bytes/4)
	TEXT(name, NOSPLIT, "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, bias *float32)")
	Doc(name+" computes c = bias + a*b for one tile. Strides lda and ldc are in bytes; b is", "packed by columns of the tile; k is at least 1.")
	k, a, lda := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, bias := Load(Param("b"), GP64()), Load(Param("bias"), GP64())

	// A pointer serves three rows: base, base+lda, base+2*lda.
	pointers := make([]reg.Register, (rows+2)/3)
	pointers[0] = a
	if len(pointers) > 1 {
		three := GP64()
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, three)
		for i := 1; i < len(pointers); i++ {
			p := GP64()
			LEAQ(Mem{Base: pointers[i-1], Index: three, Scale: 1}, p)
			pointers[i] = p
		}
	}
	element := func(row, u int) Mem {
		m := Mem{Base: pointers[row/3], Disp: 4 * u}
		if row%3 > 0 {
			m.Index, m.Scale = lda, uint8(row%3)
		}
		return m
	}

	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for j := range vectors {
			sum[i] = append(sum[i], w.reg())
			if i == 0 {
				VMOVUPS(Mem{Base: bias, Disp: w.bytes * j}, sum[0][j])
			} else {
				VMOVAPS(sum[0][j], sum[i][j])
			}
		}
	}
	column := make([]reg.VecVirtual, vectors)
	for j := range column {
		column[j] = w.reg()
	}
	scalars := []reg.VecVirtual{w.reg(), w.reg()} // two, so that loads run ahead
	step := func(u int) {
		for j := range column {
			VMOVUPS(Mem{Base: b, Disp: w.bytes * (j + u*vectors)}, column[j])
		}
		for i := range rows {
			s := scalars[i%2]
			VBROADCASTSS(element(i, u), s)
			for j := range column {
				VFMADD231PS(column[j], s, sum[i][j])
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
	ADDQ(I32(int32(unroll*w.bytes*vectors)), b)
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
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	for i := range rows {
		for j := range column {
			VMOVUPS(sum[i][j], Mem{Base: c, Disp: w.bytes * j})
		}
		if i+1 < rows {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}
