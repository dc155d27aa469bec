package main

import "fmt"

const tileRows = 8 // of the largest; a tile has 8 columns

// A kind is what the elements of a tile are, each of four bytes.
type kind struct {
	function  string // its name but for the rows
	signature string
	doc       []string
	op        string // of a step with one lane
	next      int    // bytes from the columns of one step to those of the next
	turned    bool   // the highest bit of each byte of a, which makes unsigned less 128 of them signed
}

var floats = kind{
	function:  "gemmNEON",
	signature: "func(k int, a *float32, lda int, b *float32, c *float32, ldc int, start *float32, lds int)",
	doc: []string{"computes c = start + a*b for one tile. Strides lda, ldc and lds are in bytes; b",
		"is packed by columns of the tile; k is at least 1."},
	op: "FMLA", next: 32,
}

var halves = kind{
	function:  "gemmHalfNEON",
	signature: floats.signature,
	doc: []string{"computes c = start + a*b for one tile of pairs of bfloat16, with sums in float32, by",
		"FEAT_BF16. Strides lda, ldc and lds are in bytes; b is packed by columns of the tile; k, of pairs, is at least 1."},
	op: "BFDOT", next: 32,
}

const (
	panel        = 32 // columns of bytes, and of sums of them
	dotSignature = "func(k int, a *uint8, lda int, b *int8, c, start *int32, lds int)"
)

// bytes are multiplied by instructions for signed and unsigned ones.
var bytes = kind{
	function:  "dotNEON",
	signature: dotSignature,
	doc: []string{"computes c = start + a*b for eight columns of a panel of bytes, by FEAT_I8MM. k, of groups of four",
		"neighbors along the depth, is at least 1; b is packed by columns of the panel. Strides are in bytes; c has none."},
	op: "SUDOT", next: 4 * panel,
}

// signedBytes are multiplied by instructions for signed ones alone.
var signedBytes = kind{
	function:  "dotSignedNEON",
	signature: dotSignature,
	doc: []string{"computes c = start + (a-128)*b for eight columns of a panel of bytes, by FEAT_DotProd. k, of groups of four",
		"neighbors along the depth, is at least 1; b is packed by columns of the panel. Strides are in bytes; c has none."},
	op: "SDOT", next: 4 * panel, turned: true,
}

// tile writes the micro-kernel of rows x 8: it keeps the tile in registers over
// the depth k, four steps of which take one load for each row.
func (of kind) tile(f *file, rows int) {
	k := f.start(fmt.Sprintf("%s_%dx8", of.function, rows), of.signature, of.doc...)
	depth, a, lda, b, start, lds := k.param("k"), k.param("a"), k.param("lda"), k.param("b"), k.param("start"), k.param("lds")
	row := k.rows(a, lda, rows)
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
	var highest vreg
	if of.turned {
		highest = k.vec()
		k.op("VMOVI $0x80, V%d.B16", highest)
	}
	load := func(move string, bytes int) {
		for i, e := range elements {
			k.op("%s.P %d(R%d), F%d", move, bytes, row[i], e)
			if of.turned {
				k.op("VEOR V%d.B16, V%d.B16, V%d.B16", highest, e, e)
			}
		}
	}
	step := func(u int) {
		column := columns[u%2]
		k.op("FLDPQ.P %d(R%d), (F%d, F%d)", of.next, b, column[0], column[1])
		for i, e := range elements {
			k.word(encodeLane(of.op, sum[i][0], column[0], e, u))
			k.word(encodeLane(of.op, sum[i][1], column[1], e, u))
		}
	}
	k.op("SUBS $4, R%d", depth)
	k.op("BLT few")
	k.label("loop")
	load("FMOVQ", 16)
	for u := range 4 {
		step(u)
	}
	k.op("SUBS $4, R%d", depth)
	k.op("BGE loop")
	k.label("few")
	k.op("ANDS $3, R%d", depth)
	k.op("BEQ store")
	k.label("single")
	load("FMOVS", 4)
	step(0)
	k.op("SUBS $1, R%d", depth)
	k.op("BNE single")
	k.label("store")
	c, ldc := a, lda // which are done with
	k.op("MOVD c+%d(FP), R%d", k.offset("c"), c)
	if _, given := k.offsets["ldc"]; given {
		k.op("MOVD ldc+%d(FP), R%d", k.offset("ldc"), ldc)
	} else {
		k.op("MOVD $%d, R%d", 4*panel, ldc)
	}
	for i := range sum {
		k.op("FSTPQ (F%d, F%d), (R%d)", sum[i][0], sum[i][1], c)
		if i+1 < rows {
			k.add(ldc, c)
		}
	}
	k.end()
}

// rows are pointers to rows, the first of which is a.
func (k *function) rows(a, lda reg, n int) []reg {
	row := []reg{a}
	for i := 1; i < n; i++ {
		row = append(row, k.general())
		k.op("ADD R%d, R%d, R%d", lda, row[i-1], row[i])
	}
	return row
}
