package mlp

import (
	"gorgonia.org/gorgonia"

	"github.com/cxrkit/cxrkit/internal/graph"
)

// apply adds an operation with a result of n values to a graph, or with a
// number as result if n is 0. run gets the operands and, last, the result; a
// graph for a full batch serves a smaller one too. back makes the gradients of the
// operands from that of the result; wrt says which have one.
func apply(name string, n int, run func(in [][]float32), back func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error), wrt []bool, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	out := make([]float32, max(n, 1))
	scalar := gorgonia.NewF32(0)
	o := &graph.Op{Name: name, Result: scalar, Back: back, Gradients: wrt}
	if n > 0 {
		o.Result = graph.Vector(out)
	}
	o.Run = func(values []gorgonia.Value) error {
		in := make([][]float32, len(values), len(values)+1)
		for i, v := range values {
			in[i], _ = v.Data().([]float32)
		}
		run(append(in, out))
		*scalar = gorgonia.F32(out[0])
		return nil
	}
	return graph.Apply(o, in...)
}
