package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/network"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A Tensor is a named value of a model.
type Tensor struct {
	Name  string
	Shape []int // -1 where the file leaves it open
}

// A Description tells what is in a model file and what running it takes.
type Description struct {
	Opset           int
	Inputs, Outputs []Tensor
	Operators       map[string]int // how often each occurs in the file
	Steps           int            // operations that remain after folding and joining
	Memory          int64          // bytes for each film under way, beside the weights
	Precision       Precision      // of products with the weights, on this processor
	Int8            int            // products of 8-bit integers, which the file quantizes so; they are exact, whatever the Precision
	Kernels         string         // of what the inner loops are made: "AVX-512", "AVX2", "NEON", or "generic" for Go
}

// Describe tells about the model file.
func (e *Embedder) Describe() Description {
	d := e.about
	d.Operators = maps.Clone(d.Operators)
	return d
}

// String is the description in a few lines.
func (d Description) String() string {
	var b strings.Builder
	list := func(what string, tensors []Tensor) {
		for _, t := range tensors {
			fmt.Fprintf(&b, "%s %s %v\n", what, t.Name, t.Shape)
		}
	}
	fmt.Fprintf(&b, "ONNX opset %d\n", d.Opset)
	list("input", d.Inputs)
	list("output", d.Outputs)
	const widest = 80 // columns
	line := "operators"
	for _, op := range slices.Sorted(maps.Keys(d.Operators)) {
		word := fmt.Sprintf(" %s %d", op, d.Operators[op])
		if len(line)+len(word) > widest {
			b.WriteString(line + "\n")
			line = " "
		}
		line += word
	}
	fmt.Fprintf(&b, "%s\n%d steps after folding, %.1f MB of memory for each film under way\n", line, d.Steps, float64(d.Memory)/1e6)
	fmt.Fprintf(&b, "%s kernels, %s\n", d.Kernels, d.products())
	return b.String()
}

// products tells what the products are of, and what they run on where that is not
// what all else does.
func (d Description) products() string {
	s := "products of " + d.Precision.String()
	if d.Precision == BFloat16 {
		s += ", by " + simd.BFloat16Path()
	}
	if d.Int8 > 0 {
		s += fmt.Sprintf("\n%d products of int8, by %s", d.Int8, simd.IntegerPath())
	}
	return s
}

func describe(m *onnx.Model, p *network.Program) Description {
	d := Description{Opset: m.Opset, Operators: map[string]int{}, Steps: len(p.Steps), Memory: 4 * int64(p.Memory), Kernels: simd.Current().String(), Int8: p.Integer}
	tensors := func(values []onnx.Value) (list []Tensor) {
		for _, v := range values {
			list = append(list, Tensor{v.Name, v.Shape})
		}
		return list
	}
	d.Inputs, d.Outputs = tensors(m.Inputs), tensors(m.Outputs)
	for _, n := range m.Nodes {
		d.Operators[n.Op]++
	}
	return d
}

// Raw runs the network on values that no preprocessing touches, channels x
// height x width as [Embedder.Preprocess] tells, and returns its output with its
// shape, in the order of ONNX and without pooling. It is for comparison with
// other programs; films go through [Embedder.Embed].
func (e *Embedder) Raw(ctx context.Context, values []float32) (out []float32, shape []int, err error) {
	channels := e.pre.Channels
	places := e.pre.Width * e.pre.Height
	if len(values) != channels*places {
		return nil, nil, fmt.Errorf("local: %w: %d values for an input of %d x %d x %d", cxr.ErrMismatch, len(values), channels, e.pre.Height, e.pre.Width)
	}
	err = e.run(ctx, func(dst []float32) error {
		for ch := range channels {
			for p, v := range values[ch*places:][:places] {
				dst[p*channels+ch] = v
			}
		}
		return nil
	}, func(src []float32) { out = slices.Clone(src) })
	if err != nil {
		return nil, nil, fmt.Errorf("local: %w", err)
	}
	return out, slices.Clone(e.program.Output), nil
}
