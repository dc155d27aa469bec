package simd

import "golang.org/x/sys/cpu"

var hasI8MM, hasDotProd = cpu.ARM64.HasI8MM, cpu.ARM64.HasASIMDDP

// byteKernels are the loops on bytes of the path in use, or nil for Go.
func byteKernels() *byteLoops {
	switch {
	case current == &none:
		return nil
	case hasI8MM:
		return bytesI8MM
	case hasDotProd:
		return bytesDotProd
	}
	return bytesLong
}

var (
	bytesI8MM = bytesNEON("NEON-I8MM", false,
		dotNEON_1x8, dotNEON_2x8, dotNEON_3x8, dotNEON_4x8, dotNEON_5x8, dotNEON_6x8, dotNEON_7x8, dotNEON_8x8)
	bytesDotProd = bytesNEON("NEON-DotProd", true,
		dotSignedNEON_1x8, dotSignedNEON_2x8, dotSignedNEON_3x8, dotSignedNEON_4x8, dotSignedNEON_5x8, dotSignedNEON_6x8, dotSignedNEON_7x8, dotSignedNEON_8x8)
	bytesLong = bytesNEON("NEON", true, dotLongNEON_1x8, dotLongNEON_2x8, dotLongNEON_3x8, dotLongNEON_4x8)
)

func bytesNEON(name string, signed bool, dots ...dot) *byteLoops {
	return &byteLoops{
		name: name, dots: dots, width: 8, signed: signed,
		requantize: requantizeNEON, rescale: rescaleNEON, quantize: quantizeNEON, widen: widenNEON,
		snap: snapNEON, add: addBytesNEON, extremes: extremesNEON, maximum: maxBytesNEON,
	}
}
