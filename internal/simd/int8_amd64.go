package simd

import "golang.org/x/sys/cpu"

var (
	hasVNNI    = cpu.X86.HasAVX512VNNI && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL
	hasAVXVNNI = cpu.X86.HasAVXVNNI
)

// byteKernels are the loops on bytes of the path in use, or nil for Go.
func byteKernels() *byteLoops {
	switch {
	case current == assembly[AVX512] && hasVNNI && unitOfBytes() != nil:
		return &bytesAMX
	case current == assembly[AVX512] && hasVNNI:
		return &bytes512
	case current != &none && hasAVXVNNI:
		return &bytesVNNI
	case current != &none:
		return &bytes256
	}
	return nil
}

var bytes512 = byteLoops{
	name:  "AVX512-VNNI",
	width: 32,
	dots: []dot{
		dot512_1x32, dot512_2x32, dot512_3x32, dot512_4x32, dot512_5x32, dot512_6x32,
		dot512_7x32, dot512_8x32, dot512_9x32, dot512_10x32, dot512_11x32, dot512_12x32,
	},
	requantize: requantize512, rescale: rescale512, quantize: quantize512, widen: widen512,
	snap: snap512, add: addBytes512, extremes: extremes512, maximum: maxBytes256,
}

var bytesAMX = func() byteLoops {
	l := bytes512
	l.name, l.dots, l.unit = "AMX", nil, &byteUnit
	return l
}()

var bytesVNNI = func() byteLoops {
	l := bytes256
	l.name = "AVX-VNNI"
	l.dots = []dot{dotVNNI_1x16, dotVNNI_2x16, dotVNNI_3x16, dotVNNI_4x16, dotVNNI_5x16, dotVNNI_6x16}
	return l
}()

var bytes256 = byteLoops{
	name:       "AVX2",
	width:      16,
	dots:       []dot{dot256_1x16, dot256_2x16, dot256_3x16},
	requantize: requantize256, rescale: rescale256, quantize: quantize256, widen: widen256,
	snap: snap256, add: addBytes256, extremes: extremes256, maximum: maxBytes256,
}
