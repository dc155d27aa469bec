// Package network compiles an ONNX graph into a list of steps over one block
// of memory. Every node goes through a table of operators, which refuses what
// it does not tell; docs/OPERATORS.md lists it. Compile infers shapes,
// computes what is constant, folds batch normalization into convolutions,
// joins activations to the operation before them, keeps feature maps with
// their channels last, and lets values that are not alive together share
// memory.
//
// It knows nothing of films or of Gorgonia: package embed/local runs the steps.
package network

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A Program is a compiled network: immutable, shared by all that run it.
type Program struct {
	Steps   []Step
	Memory  int       // float32 values that a run needs
	Input   []int     // shape: films, channels, height, width; the values are films x height x width x channels. Of a text: inputs, tokens
	Output  []int     // shape
	Type    onnx.Type // of the output's elements; float32 at run time, whatever it is
	Layout  Layout    // of an output of four dimensions
	Integer int       // products computed on bytes, in integers
	in, out span
}

// A Layout is where the channels of a feature map are.
type Layout int

// Layouts.
const (
	Unclear       Layout = iota
	ChannelsFirst        // films x channels x height x width
	ChannelsLast         // films x height x width x channels
)

// A Step is one operation.
type Step struct {
	Name   string // of the ONNX node, for errors
	Reads  []int  // steps whose results it takes; -1 is the input
	Shared bool   // worth doing by several threads
	bind   func(memory []float32) func(simd.Part)
	output span
}

// A span is a place in memory.
type span struct{ at, n int }

func (s span) of(memory []float32) []float32 { return memory[s.at : s.at+s.n : s.at+s.n] }

// Bind is the step on the memory of one run: a function that does a part of it,
// or all of it if the step is not shared.
func (s *Step) Bind(memory []float32) func(simd.Part) { return s.bind(memory) }

// Result is where a step's result lies.
func (s *Step) Result(memory []float32) []float32 { return s.output.of(memory) }

// In is where the input goes before the first step.
func (p *Program) In(memory []float32) []float32 { return p.in.of(memory) }

// Out is where the output lies after the last step.
func (p *Program) Out(memory []float32) []float32 { return p.out.of(memory) }

// Options choose what of a model is compiled.
type Options struct {
	Precision     simd.Precision // of products with weights, where the processor has it
	Threads       int            // that will work on one film; 0: one
	Width, Height int            // of the input where the model leaves them open; 0: must be fixed
	Films         int            // at once; 0: one
	shareAll      bool           // among the threads, however little work it is; for tests
	Output        string         // tensor to end at; empty: the first output. LastGemmInput is a name for what the last Gemm takes
	Text          int            // tokens of a text; 0: a model of films
}

// LastGemmInput asks for the features before the classifier.
const LastGemmInput = "input of the last Gemm"

// unsupported is the error of a node that is valid, as far as one can tell, but
// not made for here.
func unsupported(n fmt.Stringer, format string, args ...any) error {
	return fmt.Errorf("%v: %s: %w", n, fmt.Sprintf(format, args...), cxr.ErrUnsupported)
}

// corrupt is the error of a node that no runtime could run.
func corrupt(n fmt.Stringer, format string, args ...any) error {
	return fmt.Errorf("%v: %s: %w", n, fmt.Sprintf(format, args...), cxr.ErrCorrupt)
}
