package simd

import "golang.org/x/sys/cpu"

var hasI8MM = cpu.ARM64.HasI8MM

// byteKernels are the loops on bytes of the path in use, or nil for Go.
func byteKernels() *byteLoops {
	switch {
	case current == &none:
		return nil
	case hasI8MM:
		return &bytesI8MM
	case cpu.ARM64.HasASIMDDP:
		return &bytesDotProd
	}
	return nil
}

var bytesI8MM = byteLoops{
	name:       "NEON-I8MM",
	width:      8,
	dots:       []dot{dotNEON_1x8, dotNEON_2x8, dotNEON_3x8, dotNEON_4x8, dotNEON_5x8, dotNEON_6x8, dotNEON_7x8, dotNEON_8x8},
	requantize: requantizeNEON, rescale: rescaleNEON, quantize: quantizeNEON, widen: widenNEON,
	snap: snapNEON, add: addBytesNEON, extremes: extremesNEON, maximum: maxBytesNEON,
}

var bytesDotProd = byteLoops{
	name:  "NEON-DotProd",
	width: 8,
	dots: []dot{
		dotSignedNEON_1x8, dotSignedNEON_2x8, dotSignedNEON_3x8, dotSignedNEON_4x8,
		dotSignedNEON_5x8, dotSignedNEON_6x8, dotSignedNEON_7x8, dotSignedNEON_8x8,
	},
	signed:     true,
	requantize: requantizeNEON, rescale: rescaleNEON, quantize: quantizeNEON, widen: widenNEON,
	snap: snapNEON, add: addBytesNEON, extremes: extremesNEON, maximum: maxBytesNEON,
}
