// Package mini is a chest x-ray encoder of our own, small enough to be linked
// into a program: 896 features of a film, learned from about 15,000 public
// films on two processor cores. It needs no endpoint and no download.
//
// It is for first steps, tests and teaching, and a baseline to beat; it is not
// for diagnosis. docs/MODELCARD.md says what it was trained on, how well it does
// and what it cannot do.
package mini

import (
	_ "embed"
	"slices"

	"github.com/cxrkit/cxrkit/embed/local"
)

//go:embed mini.onnx
var onnx []byte

// Open opens the encoder. It takes films by cxr.Standard, of any size.
// Of the options only Parallel is commonly of use; nil means the zero value.
func Open(o *local.Options) (*local.Embedder, error) { return local.Load(onnx, o) }

// ONNX is a copy of the model file, to save or to run elsewhere. Its metadata
// hold the preprocessing under the key "cxrkit".
func ONNX() []byte { return slices.Clone(onnx) }

// Map is the tensor of ONNX that package zones pools: a feature map of 128
// channels and 10 x 10 places. Open it with local.Options.Output.
const Map = "/encoder/stages.2/stages.2.1/Relu_1_output_0"
