// Asmgen writes the assembly of package kernel. Run go generate there.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64")
	for _, rows := range []int{12, 8, 4, 2, 1} {
		tile(width512, rows, 2)
	}
	for _, rows := range []int{6, 4, 2, 1} {
		tile(width256, rows, 2)
	}
	depthwise()
	rectify()
	addTo(false)
	addTo(true)
	logistic("sigmoid256", false)
	logistic("swish256", true)
	Generate()
}
