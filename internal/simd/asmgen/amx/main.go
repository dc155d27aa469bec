// Amx writes the assembly of package simd for the matrix unit of Intel's processors.
// Run go generate there.
package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for tall := 1; tall <= 2; tall++ {
		blocks("amxHalf", "pairs of bfloat16, with sums in float32", bfloat16, tall)
		blocks("amxBytes", "fours of unsigned bytes with fours of signed ones", bytes, tall)
	}
	Generate()
}

const (
	side  = 16 // rows of a tile, at most, and values of four bytes in a row
	wide  = 2  // tiles side by side in a block
	ahead = 4  // lines that are fetched ahead in a step
)

// Bytes in which a row of a tile of a, b or c is, and that rows of b are apart.
const (
	rowBytes = 4 * side
	panelRow = wide * rowBytes
)

// Tiles of sums, tall x wide, and of the factors.
func sum(i, j int) tmm { return tmm(i*wide + j) }
func left(i int) tmm   { return tmm(4 + i) }
func right(j int) tmm  { return tmm(6 + j) }

// blocks writes the micro-kernel of blocks of tall*16 x 32 below each other. All from
// the configuration of the tiles to their release is in one function of assembly, in
// which Go never stops a goroutine to go on in another thread, whose tiles are others.
func blocks(name, what string, e element, tall int) {
	name = fmt.Sprintf("%s_%dx%d", name, tall*side, wide*side)
	TEXT(name, NOSPLIT, "func(steps int, a *uint8, lda int, b *uint8, c *uint8, ldc int, start *uint8, lds int, config *uint8, blocks int, next uintptr)")
	Pragma("noescape")
	Doc(name+" computes c = start + a*b for blocks below each other, of "+what+".",
		"A step is 16 of them along the depth, or what the tiles' configuration tells. Strides are in bytes; b is packed",
		"by 32 columns. Memory at next is fetched ahead, to the second cache, four lines a step. steps and blocks are positive.")
	parameter := func(name string, r reg.GPPhysical) reg.GPPhysical {
		Load(Param(name), r)
		return r
	}
	loadConfig(address{base: parameter("config", reg.RAX)})
	a, lda := parameter("a", reg.RSI), parameter("lda", reg.RDI)
	c, ldc := parameter("c", reg.RCX), parameter("ldc", reg.R9)
	start, lds := parameter("start", reg.R10), parameter("lds", reg.R11)
	count, next := parameter("blocks", reg.R12), parameter("next", reg.R13)
	stride, temporary := reg.RBX, reg.RAX
	MOVQ(U32(panelRow), stride)

	// sums does something with each tile of sums and its place.
	sums := func(base, ld reg.GPPhysical, f func(t tmm, at address)) {
		for i := range tall {
			if i > 0 {
				times(ld, side, temporary)
				ADDQ(base, temporary)
				base = temporary
			}
			for j := range wide {
				f(sum(i, j), address{base, ld, int8(rowBytes * j)})
			}
		}
	}
	Label("block")
	sums(start, lds, load)
	rows := []reg.GPPhysical{reg.RDX, reg.RAX}[:tall] // where the tiles of a are
	MOVQ(a, rows[0])
	if tall > 1 {
		times(lda, side, rows[1])
		ADDQ(a, rows[1])
	}
	steps, column := parameter("steps", reg.R8), parameter("b", reg.R15)
	Label("step")
	// A product takes twice as long as a load; loads stand where they wait for no
	// product. Rows of a pass by, and columns of b stay for the next block: they fill
	// most of the first cache, out of which those loads keep a, and fetches the next
	// panel (on a Xeon 1078 GFLOP/s, in place of 930 by loads like b's).
	load(right(0), address{column, stride, 0})
	for i, r := range rows {
		stream(left(i), address{r, lda, 0})
		for j := range wide {
			if i == 0 && j > 0 {
				load(right(j), address{column, stride, int8(rowBytes * j)})
			}
			e.multiply(sum(i, j), left(i), right(j))
		}
	}
	for line := range ahead {
		PREFETCHT1(Mem{Base: next, Disp: 64 * line})
	}
	ADDQ(U32(64*ahead), next)
	for _, r := range rows {
		ADDQ(Imm(rowBytes), r)
	}
	ADDQ(U32(side*panelRow), column)
	DECQ(steps)
	JNZ(LabelRef("step"))
	sums(c, ldc, func(t tmm, at address) { store(at, t) })
	for _, r := range [][2]reg.GPPhysical{{lda, a}, {ldc, c}, {lds, start}} {
		times(r[0], tall*side, temporary)
		ADDQ(temporary, r[1])
	}
	DECQ(count)
	JNZ(LabelRef("block"))
	release()
	RET()
}

// times sets product to a register times a power of two.
func times(r reg.GPPhysical, power int, product reg.GPPhysical) {
	MOVQ(r, product)
	SHLQ(Imm(uint64(bits.TrailingZeros(uint(power)))), product)
}
