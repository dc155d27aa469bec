package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile writes the micro-kernel of rows x (vectors*lanes): it keeps the tile in
// registers over the depth k, which must be at least 1. What a tile starts from
// has a stride of its own: 0 for a bias that all rows share, and c's to go on
// where an earlier part of the depth ended.
func tile(w width, rows, vectors int) {
	name := fmt.Sprintf("gemm%s_%dx%d", w.name, rows, vectors*w.bytes/4)
	TEXT(name, NOSPLIT, "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, lds int)")
	Doc(name+" computes c = start + a*b for one tile. Strides lda, ldc and lds are in bytes; b", "is packed by columns of the tile; k is at least 1.")
	k, a, lda := pointer("k"), pointer("a"), pointer("lda")
	b, start, lds := pointer("b"), pointer("start"), pointer("lds")

	pointers := rowPointers(a, lda, rows)
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
			VMOVUPS(Mem{Base: start, Disp: w.bytes * j}, sum[i][j])
		}
		if i+1 < rows {
			ADDQ(lds, start)
		}
	}
	column := make([]reg.VecVirtual, vectors)
	for j := range column {
		column[j] = w.reg()
	}
	products := w.products(column, sum)
	step := func(u int) {
		for j := range column {
			from := Mem{Base: b, Disp: w.bytes * (j + u*vectors)}
			VMOVUPS(from, column[j])
			if w.wide() {
				from.Disp += ahead
				PREFETCHT0(from)
			}
		}
		products(func(row int) Mem { return element(row, u) })
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
	c, ldc := pointer("c"), pointer("ldc")
	for i := range rows {
		for j := range column {
			VMOVUPS(sum[i][j], Mem{Base: c, Disp: w.bytes * j})
		}
		if i+1 < rows {
			ADDQ(ldc, c)
		}
	}
	end()
}

// ahead is how many bytes of b are fetched ahead: what does not fit a first-level cache
// comes late where a processor alone looks ahead (by a page, at most).
const ahead = 4096

// products writes what adds the products of a step's columns with an element of each
// row. An element that is needed once is taken from memory where it is multiplied.
func (w width) products(column []reg.VecVirtual, sum [][]reg.VecVirtual) func(element func(row int) Mem) {
	if w.wide() && len(column) == 1 {
		return func(element func(row int) Mem) {
			for i := range sum {
				VFMADD231PS_BCST(element(i), column[0], sum[i][0])
			}
		}
	}
	scalars := []reg.VecVirtual{w.reg(), w.reg()} // two, so that loads run ahead
	return func(element func(row int) Mem) {
		for i := range sum {
			s := scalars[i%2]
			VBROADCASTSS(element(i), s)
			for j := range column {
				VFMADD231PS(column[j], s, sum[i][j])
			}
		}
	}
}

// fused writes a loop of independent products and sums, to measure how many a
// processor does at once.
func (w width) fused() {
	TEXT("fused"+w.name, NOSPLIT, "func(n int)")
	Doc("fused" + w.name + " multiplies and adds 12 vectors n times.")
	n := pointer("n")
	sums := make([]reg.VecVirtual, 12)
	for i := range sums {
		sums[i] = w.zero()
	}
	a, b := w.zero(), w.zero()
	Label("loop")
	for _, s := range sums {
		VFMADD231PS(a, b, s)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
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
			p := GP64()
			LEAQ(Mem{Base: pointers[i-1], Index: three, Scale: 1}, p)
			pointers[i] = p
		}
	}
	return pointers
}
