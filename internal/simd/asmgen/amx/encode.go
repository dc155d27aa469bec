package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"

	"github.com/cxrkit/cxrkit/internal/simd/asmgen/raw"
)

// Instructions that Go's assembler has no name for, as Intel's manual encodes them
// (volume 2, 2.3 and the instruction's page): VEX, map 0F38, W0. The comment before
// the bytes is the instruction in Intel's syntax.

// Prefixes of VEX.
const (
	prefixNone = iota
	prefix66
	prefixF3
	prefixF2
)

// A tmm is a tile register by its number.
type tmm int

// An address is base + index, where a tile's rows are index bytes apart.
type address struct {
	base, index reg.GPPhysical // no index: nil
	disp        int8
}

func (a address) String() string {
	s := "[" + names[a.base.ID()]
	if a.index != nil {
		s += " + " + names[a.index.ID()]
	}
	if a.disp != 0 {
		s += fmt.Sprintf(" + %d", a.disp)
	}
	return s + "]"
}

// names are those of Intel's syntax for the registers that addresses are made of.
var names = map[reg.ID]string{
	reg.RAX.ID(): "rax", reg.RCX.ID(): "rcx", reg.RDX.ID(): "rdx", reg.RBX.ID(): "rbx", reg.RSI.ID(): "rsi", reg.RDI.ID(): "rdi",
	reg.R8.ID(): "r8", reg.R9.ID(): "r9", reg.R10.ID(): "r10", reg.R11.ID(): "r11", reg.R12.ID(): "r12", reg.R13.ID(): "r13", reg.R15.ID(): "r15",
}

// number is that of a register in encodings.
func number(r reg.GPPhysical) byte { return byte(r.PhysicalIndex()) }

func emit(text string, code []byte) {
	Comment(text)
	raw.Bytes(code...)
}

// registers is an instruction on registers alone.
func registers(prefix, opcode byte, r, vvvv, rm tmm) []byte {
	return []byte{0xc4, 0xe2, (^byte(vvvv)&15)<<3 | prefix, opcode, 0xc0 | byte(r)<<3 | byte(rm)}
}

// memory is an instruction on a tile and an address.
func memory(prefix, opcode byte, r tmm, at address) []byte {
	not := func(register byte) byte { return ^register >> 3 & 1 }
	base, index := number(at.base), byte(0)
	place := []byte{base & 7}
	if at.index != nil {
		index = number(at.index)
		place = []byte{4, index&7<<3 | base&7}
	}
	if at.disp != 0 || base&7 == 5 {
		place[0] |= 1 << 6
		place = append(place, byte(at.disp))
	}
	place[0] |= byte(r) << 3
	return append([]byte{0xc4, 0x80 | not(index)<<6 | not(base)<<5 | 2, 15<<3 | prefix, opcode}, place...)
}

func loadConfig(at address) {
	emit(fmt.Sprint("ldtilecfg ", at), memory(prefixNone, 0x49, 0, at))
}

func release() { emit("tilerelease", registers(prefixNone, 0x49, 0, 0, 0)) }

func load(t tmm, from address) {
	emit(fmt.Sprintf("tileloadd tmm%d, %v", t, from), memory(prefixF2, 0x4b, t, from))
}

// stream is a load of what other tiles come before it is needed again: it stays out
// of the first cache.
func stream(t tmm, from address) {
	emit(fmt.Sprintf("tileloaddt1 tmm%d, %v", t, from), memory(prefix66, 0x4b, t, from))
}

func store(to address, t tmm) {
	emit(fmt.Sprintf("tilestored %v, tmm%d", to, t), memory(prefixF3, 0x4b, t, to))
}

// An element is what tiles are multiplied of.
type element struct {
	product        string
	prefix, opcode byte
}

var (
	bfloat16 = element{"tdpbf16ps", prefixF3, 0x5c}
	bytes    = element{"tdpbusd", prefix66, 0x5e} // unsigned by signed
)

// multiply adds a*b to c.
func (e element) multiply(c, a, b tmm) {
	emit(fmt.Sprintf("%s tmm%d, tmm%d, tmm%d", e.product, c, a, b), registers(e.prefix, e.opcode, c, b, a))
}
