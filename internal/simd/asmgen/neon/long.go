package main

import "fmt"

const longRows = 4 // of the largest tile of long; it has 8 columns

// long writes the dots of processors without instructions for them: products of
// bytes become words of 16 bits, and sums of two of those are added to what there is
// of a column, twice.
func long(f *file, rows int) {
	k := f.start(fmt.Sprintf("dotLongNEON_%dx8", rows), dotSignature,
		"computes c = start + (a-128)*b for eight columns of a panel of bytes. k, of groups of four neighbors along", "the depth, is at least 1; b is packed by columns of the panel. Strides are in bytes; c has none.")
	depth, a, lda, b := k.param("k"), k.param("a"), k.param("lda"), k.param("b")
	row := k.rows(a, lda, rows)
	sum := make([][]vreg, rows)
	for i := range sum {
		sum[i] = k.constants(0, 0, 0, 0)
	}
	highest, element, column, product := k.vec(), k.vecs(rows), k.vecs(2), k.vecs(4)
	k.op("VMOVI $0x80, V%d.B16", highest)
	k.label("loop")
	k.op("FLDPQ.P %d(R%d), (F%d, F%d)", 4*panel, b, column[0], column[1])
	for i, e := range element {
		k.op("VLD1R.P 4(R%d), [V%d.S4]", row[i], e)
		k.op("VEOR V%d.B16, V%d.B16, V%d.B16", highest, e, e)
	}
	for i, e := range element {
		for j, p := range product {
			k.word(encodeLong(p, column[j/2], e, j%2 == 1))
		}
		for j, p := range product {
			k.word(encodePairs(sum[i][j], p))
		}
	}
	k.op("SUBS $1, R%d", depth)
	k.op("BNE loop")
	start, lds, c := k.param("start"), k.param("lds"), k.param("c")
	for _, s := range sum {
		k.op("FLDPQ (R%d), (F%d, F%d)", start, column[0], column[1])
		k.add(lds, start)
		for j, from := range column {
			k.op("VADDP V%d.S4, V%d.S4, V%d.S4", s[2*j+1], s[2*j], s[j])
			k.op("VADD V%d.S4, V%d.S4, V%d.S4", from, s[j], s[j])
		}
		k.op("FSTPQ (F%d, F%d), (R%d)", s[0], s[1], c)
		k.op("ADD $%d, R%d", 4*panel, c)
	}
	k.end()
}
