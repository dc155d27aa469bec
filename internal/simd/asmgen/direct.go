package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// directTile writes the micro-kernel of a convolution without a copy of its
// windows: as tile, but a row of a is several runs of k values, one for each row of
// the window, and b goes on through all of them.
func directTile(w width, rows, vectors int) {
	name := fmt.Sprintf("direct%s_%dx%d", w.name, rows, vectors*w.bytes/4)
	TEXT(name, NOSPLIT, "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, runs, runStep int)")
	Doc(name+" computes c = start + a*b for one tile, where a row of a is runs of k values, runStep bytes", "apart. Strides are in bytes; all rows start from the same; b is packed by columns of the tile; k and", "runs are at least 1.")
	k, a, lda, b := pointer("k"), pointer("a"), pointer("lda"), pointer("b")
	runs, skip := pointer("runs"), pointer("runStep")
	pointers := rowPointers(a, lda, rows)
	element := func(row, u int) Mem {
		m := Mem{Base: pointers[row/3], Disp: 4 * u}
		if row%3 > 0 {
			m.Index, m.Scale = lda, uint8(row%3)
		}
		return m
	}
	start := pointer("start")
	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for j := range vectors {
			sum[i] = append(sum[i], w.reg())
			VMOVUPS(Mem{Base: start, Disp: w.bytes * j}, sum[i][j])
		}
	}
	column := make([]reg.VecVirtual, vectors)
	for j := range column {
		column[j] = w.reg()
	}
	products := w.products(column, sum)
	// From the end of a run to the next.
	bytes := GP64()
	MOVQ(k, bytes)
	SHLQ(Imm(2), bytes)
	SUBQ(bytes, skip)
	left := GP64()
	Label("run")
	MOVQ(k, left)
	Label("loop")
	for j := range column {
		VMOVUPS(Mem{Base: b, Disp: w.bytes * j}, column[j])
	}
	products(func(row int) Mem { return element(row, 0) })
	ADDQ(I32(int32(w.bytes*vectors)), b)
	for _, p := range pointers {
		ADDQ(Imm(4), p)
	}
	DECQ(left)
	JNZ(LabelRef("loop"))
	for _, p := range pointers {
		ADDQ(skip, p)
	}
	DECQ(runs)
	JNZ(LabelRef("run"))
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
