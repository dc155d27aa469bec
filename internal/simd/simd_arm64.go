package simd

// detect finds NEON on every processor: it is part of the architecture.
func detect() []Path { return []Path{Generic, NEON} }

var assembly = []*loops{
	Generic: &none,
	NEON: {
		path:   NEON,
		masked: true,
		width:  8,
		tiles: []tile{
			gemmNEON_1x8, gemmNEON_2x8, gemmNEON_3x8, gemmNEON_4x8, gemmNEON_5x8, gemmNEON_6x8, gemmNEON_7x8, gemmNEON_8x8,
		},
		half: []tile{
			gemmHalfNEON_1x8, gemmHalfNEON_2x8, gemmHalfNEON_3x8, gemmHalfNEON_4x8, gemmHalfNEON_5x8, gemmHalfNEON_6x8, gemmHalfNEON_7x8, gemmHalfNEON_8x8,
		},
		activation: [activations]func(*float32, int){
			Relu: rectifyNEON, Sigmoid: sigmoidNEON, Swish: swishNEON, HardSigmoid: hardSigmoidNEON, HardSwish: hardSwishNEON, Gelu: geluNEON, GeluTanh: geluTanhNEON,
		},
		arithmetic: [operations]func(_, _, _ *float32, _ int){Add: addNEON, Sub: subNEON, Mul: mulNEON, Div: divNEON},
		scalar:     [operations]func(_, _ *float32, _ float32, _ int){Add: addScalarNEON, Sub: subScalarNEON, Mul: mulScalarNEON, Div: divScalarNEON},
		addRectify: addRectifyNEON, maximum: maximumNEON, affine: affineNEON, affineRectify: affineRectifyNEON,
		largest: largestNEON, total: totalNEON, squares: squaresNEON, exponentials: exponentialsNEON, normalize: normalizeNEON,
		depthwise1: depthwiseNEON_1, depthwise4: depthwiseNEON_4,
		winogradInput: winogradInputNEON, winogradOutput: winogradOutputNEON,
	},
}
