#include "textflag.h"

// func blendAVX2(line *float32, row *uint16, w float32, n int)
//
// Adds row*w to line, n values, a positive multiple of 16. Products are rounded
// before they are added, as in Go.
TEXT ·blendAVX2(SB), NOSPLIT, $0-32
	MOVQ         line+0(FP), DI
	MOVQ         row+8(FP), SI
	VBROADCASTSS w+16(FP), Y0
	MOVQ         n+24(FP), CX

loop:
	VPMOVZXWD (SI), Y1
	VPMOVZXWD 16(SI), Y2
	VCVTDQ2PS Y1, Y1
	VCVTDQ2PS Y2, Y2
	VMULPS    Y0, Y1, Y1
	VMULPS    Y0, Y2, Y2
	VADDPS    (DI), Y1, Y1
	VADDPS    32(DI), Y2, Y2
	VMOVUPS   Y1, (DI)
	VMOVUPS   Y2, 32(DI)
	ADDQ      $32, SI
	ADDQ      $64, DI
	SUBQ      $16, CX
	JNZ       loop
	VZEROUPPER
	RET
