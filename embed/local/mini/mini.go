// Package mini is a chest x-ray encoder of our own, small enough to be linked
// into a program: 1,792 features of a film, learned from about 15,000 public
// films. It needs no endpoint and no download.
//
// It looks twice: one network sees the whole film, another, of the same kind,
// the film cut to the lungs, which it finds itself (package lungs). Half of the
// features are from each. What lies outside the lungs tells much about films of
// one source and little that holds elsewhere; together they do best of what was
// tried.
//
// It is for first steps, tests and teaching, and a baseline to beat; it is not
// for diagnosis. docs/MODELCARD.md says what it was trained on, how well it does
// and what it cannot do.
package mini

import (
	_ "embed"
	"slices"
)

var (
	//go:embed whole.onnx
	whole []byte
	//go:embed lungs.onnx
	cut []byte
)

// ONNX is a copy of the model file of the network that sees whole films, to save
// or to run elsewhere. Its metadata hold the preprocessing under the key
// "cxrkit".
func ONNX() []byte { return slices.Clone(whole) }

// LungsONNX is the model file of the network that sees films cut to their lungs,
// with a margin of [Margin] of their box.
func LungsONNX() []byte { return slices.Clone(cut) }

// Margin is what the second network sees around the lungs, as a share of the
// width and height of their box.
const Margin = 0.1

// Map is the tensor of ONNX that package zones pools: a feature map of 128
// channels and 10 x 10 places. Open it with local.Options.Output.
const Map = "/encoder/stages.2/stages.2.1/Relu_1_output_0"
