// Package mini is a chest x-ray encoder of our own, small enough to be linked
// into a program: 1,792 features of a film, learned from about 15,000 public
// films. It needs no endpoint and no download.
//
// It looks at the lungs: Embed finds them (package lungs), cuts the film to them
// with a margin, and gives the cut to two networks side by side, one that four
// others taught, all without any label of a real film, and the one of
// cxrkit-mini-2. What lies outside the lungs tells much about films of one source,
// and little that holds elsewhere.
//
// It is for first steps, tests and teaching, and a baseline to beat; it is not
// for diagnosis. docs/MODELCARD.md says what it was trained on, how well it does
// and what it cannot do.
package mini

import (
	_ "embed"
	"slices"
)

//go:embed mini.onnx
var onnx []byte

// ONNX is a copy of the model file, to save or to run elsewhere. It wants films
// that are cut already. Its metadata hold the preprocessing under the key
// "cxrkit".
func ONNX() []byte { return slices.Clone(onnx) }

// Margin is what the networks see around the lungs, as a share of the width and
// height of their box.
const Margin = 0.2

// Map is the tensor of ONNX that package zones pools: a feature map of 128
// channels and 10 x 10 places. Open it with local.Options.Output.
const Map = "/first/encoder/stages.2/stages.2.1/Relu_1_output_0"
