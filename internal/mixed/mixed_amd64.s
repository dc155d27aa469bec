#include "textflag.h"

// Four films at a time: four chains of multiply-adds hide their latency, and
// the weights are loaded once for all. Four features at a time: float32 widened
// to float64.

// func dot4AVX2(x *[4]*float32, w *float64, n int, out *[4]float64)
TEXT ·dot4AVX2(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), AX
	MOVQ 0(AX), R8
	MOVQ 8(AX), R9
	MOVQ 16(AX), R10
	MOVQ 24(AX), R11
	MOVQ w+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ out+24(FP), DI
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	XORQ BX, BX

dotloop:
	VMOVUPD (SI)(BX*8), Y4
	VCVTPS2PD (R8)(BX*4), Y5
	VCVTPS2PD (R9)(BX*4), Y6
	VCVTPS2PD (R10)(BX*4), Y7
	VCVTPS2PD (R11)(BX*4), Y8
	VFMADD231PD Y4, Y5, Y0
	VFMADD231PD Y4, Y6, Y1
	VFMADD231PD Y4, Y7, Y2
	VFMADD231PD Y4, Y8, Y3
	ADDQ $4, BX
	CMPQ BX, CX
	JLT  dotloop

	// Y0 = sums of 0 and 1, of 0 and 1; Y2 likewise of 2 and 3.
	VHADDPD Y1, Y0, Y0
	VHADDPD Y3, Y2, Y2
	VEXTRACTF128 $1, Y0, X1
	VEXTRACTF128 $1, Y2, X3
	VADDPD X1, X0, X0
	VADDPD X3, X2, X2
	VMOVUPD X0, 0(DI)
	VMOVUPD X2, 16(DI)
	VZEROUPPER
	RET

// func axpy4AVX2(a *[4]float64, x *[4]*float32, n int, y *float64)
TEXT ·axpy4AVX2(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), AX
	VBROADCASTSD 0(AX), Y0
	VBROADCASTSD 8(AX), Y1
	VBROADCASTSD 16(AX), Y2
	VBROADCASTSD 24(AX), Y3
	MOVQ x+8(FP), AX
	MOVQ 0(AX), R8
	MOVQ 8(AX), R9
	MOVQ 16(AX), R10
	MOVQ 24(AX), R11
	MOVQ n+16(FP), CX
	MOVQ y+24(FP), DI
	XORQ BX, BX

axpyloop:
	VMOVUPD (DI)(BX*8), Y4
	VCVTPS2PD (R8)(BX*4), Y5
	VCVTPS2PD (R9)(BX*4), Y6
	VCVTPS2PD (R10)(BX*4), Y7
	VCVTPS2PD (R11)(BX*4), Y8
	VFMADD231PD Y0, Y5, Y4
	VFMADD231PD Y1, Y6, Y4
	VFMADD231PD Y2, Y7, Y4
	VFMADD231PD Y3, Y8, Y4
	VMOVUPD Y4, (DI)(BX*8)
	ADDQ $4, BX
	CMPQ BX, CX
	JLT  axpyloop
	VZEROUPPER
	RET

// One film after the other: this is as fast as memory, which is read fastest in
// order.

// func dot4SingleAVX2(x *[4]*float32, w *float32, n int, out *[4]float32)
TEXT ·dot4SingleAVX2(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), AX
	MOVQ w+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ out+24(FP), DI
	MOVQ $4, DX

row:
	MOVQ (AX), R8
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	XORQ BX, BX

singleloop:
	VMOVUPS (SI)(BX*4), Y8
	VMOVUPS 32(SI)(BX*4), Y9
	VFMADD231PS (R8)(BX*4), Y8, Y0
	VFMADD231PS 32(R8)(BX*4), Y9, Y1
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  singleloop

	VADDPS Y1, Y0, Y0
	VHADDPS Y0, Y0, Y0
	VHADDPS Y0, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDSS X1, X0, X0
	VMOVSS X0, (DI)
	ADDQ $8, AX
	ADDQ $4, DI
	DECQ DX
	JNZ  row
	VZEROUPPER
	RET
