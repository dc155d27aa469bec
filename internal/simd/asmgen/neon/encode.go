package main

import "fmt"

// A vreg is a vector register by its number.
type vreg int

// Instructions on vectors of four float32, dst, n and m, as the Arm Architecture
// Reference Manual encodes them (C7.2) with registers 0.
var three = map[string]uint32{
	"FADD": 0x4e20d400, "FSUB": 0x4ea0d400, "FMUL": 0x6e20dc00, "FDIV": 0x6e20fc00, "FMAX": 0x4e20f400, "FMIN": 0x4ea0f400,
	"FMLA": 0x4e20cc00, "FMLS": 0x4ea0cc00, // dst + n*m, dst - n*m
	"FADDP": 0x6e20d400, "FMAXP": 0x6e20f400, // of neighbors
	"CMGT": 0x4ea03400, // of int32: all bits set where n > m
}

// The same of two registers.
var two = map[string]uint32{
	"FRINTN": 0x4e218800, // to the nearest integer, ties to even
	"FCVTNS": 0x4e21a800, // the same, as int32
	"FNEG":   0x6ea0f800,
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

// encodeLane is FMLA with one lane of m.
func encodeLane(dst, n, m vreg, lane int) word {
	l, h := uint32(lane&1), uint32(lane>>1)
	return word{0x4f801000 | l<<21 | uint32(m)<<16 | h<<11 | uint32(n)<<5 | uint32(dst), fmt.Sprintf("FMLA V%d.4S, V%d.4S, V%d.S[%d]", dst, n, m, lane)}
}

func mustHave(table map[string]uint32, op string) uint32 {
	bits, ok := table[op]
	if !ok {
		panic("neon: no encoding of " + op)
	}
	return bits
}
