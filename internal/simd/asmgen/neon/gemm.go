package main

import "fmt"

const tileRows = 8 // of the largest; a tile has 8 columns

// tile writes the micro-kernel of rows x 8: it keeps the tile in registers over
// the depth k, four steps of which take one load for each row.
func tile(f *file, rows int) {
	k := f.start(fmt.Sprintf("gemmNEON_%dx8", rows), "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, lds int)",
		"computes c = start + a*b for one tile. Strides lda, ldc and lds are in bytes; b", "is packed by columns of the tile; k is at least 1.")
	depth, a, lda, b, start, lds := k.param("k"), k.param("a"), k.param("lda"), k.param("b"), k.param("start"), k.param("lds")
	row := []reg{a}
	for i := 1; i < rows; i++ {
		row = append(row, k.general())
		k.op("ADD R%d, R%d, R%d", lda, row[i-1], row[i])
	}
	sum := make([][]vreg, rows)
	for i := range sum {
		sum[i] = k.vecs(2)
		k.op("FLDPQ (R%d), (F%d, F%d)", start, sum[i][0], sum[i][1])
		if i+1 < rows {
			k.add(lds, start)
		}
	}
	elements := k.vecs(rows)
	columns := [][]vreg{k.vecs(2), k.vecs(2)} // two pairs, so that loads run ahead
	step := func(u int) {
		column := columns[u%2]
		k.op("FLDPQ.P 32(R%d), (F%d, F%d)", b, column[0], column[1])
		for i, e := range elements {
			k.word(encodeLane(sum[i][0], column[0], e, u))
			k.word(encodeLane(sum[i][1], column[1], e, u))
		}
	}
	k.op("SUBS $4, R%d", depth)
	k.op("BLT few")
	k.label("loop")
	for i, e := range elements {
		k.op("FMOVQ.P 16(R%d), F%d", row[i], e)
	}
	for u := range 4 {
		step(u)
	}
	k.op("SUBS $4, R%d", depth)
	k.op("BGE loop")
	k.label("few")
	k.op("ANDS $3, R%d", depth)
	k.op("BEQ store")
	k.label("single")
	for i, e := range elements {
		k.op("FMOVS.P 4(R%d), F%d", row[i], e)
	}
	step(0)
	k.op("SUBS $1, R%d", depth)
	k.op("BNE single")
	k.label("store")
	c, ldc := a, lda // which are done with
	k.op("MOVD c+%d(FP), R%d", k.offset("c"), c)
	k.op("MOVD ldc+%d(FP), R%d", k.offset("ldc"), ldc)
	for i := range sum {
		k.op("FSTPQ (F%d, F%d), (R%d)", sum[i][0], sum[i][1], c)
		if i+1 < rows {
			k.add(ldc, c)
		}
	}
	k.end()
}
