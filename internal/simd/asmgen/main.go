// Asmgen writes the assembly of package simd. Run go generate there.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64")
	for vectors := 1; vectors <= 2; vectors++ {
		for rows := 1; rows <= 12; rows++ {
			tile(width512, rows, vectors)
			directTile(width512, rows, vectors)
		}
	}
	for rows := 1; rows <= 6; rows++ {
		tile(width256, rows, 2)
	}
	for rows := 1; rows <= 6; rows++ {
		directTile(width256, rows, 2)
	}
	for rows := 1; rows <= 12; rows++ {
		halfTile(rows)
	}
	toHalf()
	pairRows()
	for _, w := range widths {
		w.fused()
		for pixels := 1; pixels <= 4; pixels++ {
			w.depthwise(pixels)
		}
		w.activations()
		w.arithmetic()
		w.reductions()
		w.winograd()
	}
	Generate()
}
