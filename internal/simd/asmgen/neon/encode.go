package main

import "fmt"

// A vreg is a vector register by its number.
type vreg int

// Instructions on vectors of four float32, dst, n and m, as the Arm Architecture
// Reference Manual encodes them (C7.2) with registers 0.
var three = map[string]uint32{
	"FADD": 0x4e20d400, "FSUB": 0x4ea0d400, "FMUL": 0x6e20dc00, "FDIV": 0x6e20fc00, "FMAX": 0x4e20f400, "FMIN": 0x4ea0f400,
	"FMLA": 0x4e20cc00, "FMLS": 0x4ea0cc00, // dst + n*m, dst - n*m
	"FADDP": 0x6e20d400, "FMAXP": 0x6e20f400, "FMINP": 0x6ea0f400, // of neighbors
	"FMAXNM": 0x4e20c400, // the number, of a number and a NaN
	"CMGT":   0x4ea03400, // of int32: all bits set where n > m
	"FCMGT":  0x6ea0e400, // the same of float32
}

// The same of two registers.
var two = map[string]uint32{
	"FRINTN": 0x4e218800, // to the nearest integer, ties to even
	"FCVTNS": 0x4e21a800, // the same, as int32
	"FNEG":   0x6ea0f800,
	"SCVTF":  0x4e21d800, // of int32
}

// A lane is how an instruction with one lane of m is encoded, and what the lanes of
// n and that one are called. All but FMLA add the products of neighbors.
type lane struct {
	bits uint32
	n, m string
}

var byLane = map[string]lane{
	"FMLA":  {0x4f801000, "4S", "S"},
	"BFDOT": {0x4f40f000, "8H", "2H"},  // of bfloat16, FEAT_BF16
	"SDOT":  {0x4f80e000, "16B", "4B"}, // of signed bytes, FEAT_DotProd
	"SUDOT": {0x4f00f000, "16B", "4B"}, // of signed and, in m, unsigned bytes, FEAT_I8MM
}

// A word is an instruction that Go's assembler has no name for.
type word struct {
	bits uint32
	text string // in Arm's syntax
}

func encodeThree(op string, dst, n, m vreg) word {
	return word{mustHave(three, op) | uint32(m)<<16 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("%s V%d.4S, V%d.4S, V%d.4S", op, dst, n, m)}
}

func encodeTwo(op string, dst, n vreg) word {
	return word{mustHave(two, op) | uint32(n)<<5 | uint32(dst), fmt.Sprintf("%s V%d.4S, V%d.4S", op, dst, n)}
}

// encodeLane is an instruction with one lane of m.
func encodeLane(op string, dst, n, m vreg, index int) word {
	of := mustHave(byLane, op)
	l, h := uint32(index&1), uint32(index>>1)
	return word{of.bits | l<<21 | uint32(m)<<16 | h<<11 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("%s V%d.4S, V%d.%s, V%d.%s[%d]", op, dst, n, of.n, m, of.m, index)}
}

// encodeLong is the products of signed bytes of the lower or the upper halves, as
// words of 16 bits.
func encodeLong(dst, n, m vreg, upper bool) word {
	if upper {
		return word{0x4e20c000 | uint32(m)<<16 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("SMULL2 V%d.8H, V%d.16B, V%d.16B", dst, n, m)}
	}
	return word{0x0e20c000 | uint32(m)<<16 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("SMULL V%d.8H, V%d.8B, V%d.8B", dst, n, m)}
}

// encodePairs adds sums of two neighboring words of 16 bits to dst.
func encodePairs(dst, n vreg) word {
	return word{0x4e606800 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("SADALP V%d.4S, V%d.8H", dst, n)}
}

// encodeRound is the rounding of float32 to bfloat16, ties to even, into the lower
// or the upper half of dst, of FEAT_BF16.
func encodeRound(dst, n vreg, upper bool) word {
	if upper {
		return word{0x4ea16800 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("BFCVTN2 V%d.8H, V%d.4S", dst, n)}
	}
	return word{0x0ea16800 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("BFCVTN V%d.4H, V%d.4S", dst, n)}
}

func mustHave[T any](table map[string]T, op string) T {
	v, ok := table[op]
	if !ok {
		panic("neon: no encoding of " + op)
	}
	return v
}
