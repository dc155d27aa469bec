package main

import (
	"fmt"
	"math"

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
	widths   = []width{width256, width512}
)

func (w width) lanes() int { return w.bytes / 4 }

func (w width) wide() bool { return w.bytes == 64 }

// scope is what of n the function serves, for its documentation.
func (w width) scope() string {
	if w.wide() {
		return "n is positive."
	}
	return "n is a positive multiple of 8."
}

// constant is a number in all lanes of a register, which it keeps.
func (w width) constant(v float32) reg.VecVirtual {
	c := w.reg()
	VBROADCASTSS(scalarData(v), c)
	return c
}

// memory is a number in all lanes as an operand in memory.
func (w width) memory(v float32) Op {
	if w.wide() { // no embedded broadcast in avo's plain forms: a whole vector
		return vectorData(v, 16)
	}
	return vectorData(v, 8)
}

func (w width) zero() reg.VecVirtual {
	r := w.reg()
	if w.wide() {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
	return r
}

// round rounds to the nearest integer, ties to even.
func (w width) round(src, dst reg.Register) {
	if w.wide() {
		VRNDSCALEPS(Imm(8), src, dst)
	} else {
		VROUNDPS(Imm(8), src, dst)
	}
}

// A vector is the part of the data that one pass of a loop works on; in the
// last pass of AVX-512 some lanes are masked.
type vector struct {
	width
	mask reg.Register // nil: all lanes
}

func (v vector) load(from reg.Register) reg.VecVirtual {
	r := v.reg()
	if v.mask != nil {
		VMOVUPS_Z(Mem{Base: from}, v.mask, r)
	} else {
		VMOVUPS(Mem{Base: from}, r)
	}
	return r
}

func (v vector) store(r reg.Register, to reg.Register) {
	if v.mask != nil {
		VMOVUPS(r, v.mask, Mem{Base: to})
	} else {
		VMOVUPS(r, Mem{Base: to})
	}
}

// or puts the lanes of other where there is no data.
func (v vector) or(r, other reg.VecVirtual) {
	if v.mask != nil {
		VBLENDMPS(r, other, v.mask, r)
	}
}

// each writes a loop over n values, a vector at a time; pointers move along.
func (w width) each(n reg.Register, pointers []reg.Register, body func(v vector)) {
	count := GP64()
	MOVQ(n, count)
	SHRQ(Imm(uint64(map[int]int{8: 3, 16: 4}[w.lanes()])), count)
	if w.wide() {
		JZ(LabelRef("rest"))
	}
	Label("loop")
	body(vector{width: w})
	for _, p := range pointers {
		ADDQ(Imm(uint64(w.bytes)), p)
	}
	DECQ(count)
	JNZ(LabelRef("loop"))
	if !w.wide() {
		return
	}
	Label("rest")
	ANDQ(Imm(15), n)
	JZ(LabelRef("done"))
	bits, k := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVW(bits.As32(), k)
	body(vector{w, k})
	Label("done")
}

func end() {
	VZEROUPPER()
	RET()
}

// fold adds up (or takes the largest of) the lanes into the result.
func (w width) fold(r reg.VecVirtual, op func(ops ...Op)) {
	y := r.AsY()
	if w.wide() {
		high := YMM()
		VEXTRACTF64X4(Imm(1), r, high)
		op(high, y, y)
	}
	x, t := r.AsX(), XMM()
	VEXTRACTF128(Imm(1), y, t)
	op(t, x, x)
	VMOVHLPS(x, x, t)
	op(t, x, x)
	VMOVSHDUP(x, t)
	op(t, x, x)
	Store(x, ReturnIndex(0))
}

var written = map[string]Mem{}

func scalarData(v float32) Mem {
	name := "f" + literal(v)
	m, ok := written[name]
	if !ok {
		m = ConstData(name, U32(math.Float32bits(v)))
		written[name] = m
	}
	return m
}

func vectorData(v float32, lanes int) Mem {
	name := fmt.Sprintf("v%d_%s", lanes, literal(v))
	m, ok := written[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range lanes {
			DATA(4*i, U32(math.Float32bits(v)))
		}
		written[name] = m
	}
	return m
}

// literal makes a symbol's name of a number.
func literal(v float32) string { return fmt.Sprintf("%08x", math.Float32bits(v)) }
