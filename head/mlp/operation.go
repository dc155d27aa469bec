package mlp

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An operation is a node of the Gorgonia graph: a function of vectors whose
// result lies in memory of its own. Matrices are vectors here, row by row, so
// that a graph for a full batch serves a smaller one too.
type operation struct {
	id     uint64 // Gorgonia joins nodes of equal hash and operands; these differ
	name   string
	arity  int
	result *tensor.Dense // nil: a number, in scalar
	scalar *gorgonia.F32
	run    func(in [][]float32)
	// back makes the gradients of the operands from that of the result; nil for
	// an operand that needs none.
	back func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
	wrt  []bool // operands that have a gradient
}

var (
	_   gorgonia.SDOp = (*operation)(nil)
	ids atomic.Uint64
)

// apply adds an operation with a result of n values to a graph, or with a
// number as result if n is 0. run gets the operands and, last, the result.
func apply(name string, n int, run func(in [][]float32), back func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error), wrt []bool, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	o := &operation{id: ids.Add(1), name: name, arity: len(in), back: back, wrt: wrt}
	if n == 0 {
		out := make([]float32, 1)
		o.scalar = gorgonia.NewF32(0)
		o.run = func(in [][]float32) {
			run(append(in, out))
			*o.scalar = gorgonia.F32(out[0])
		}
		return gorgonia.ApplyOp(o, in...)
	}
	out := make([]float32, n)
	o.result = tensor.New(tensor.WithShape(n), tensor.WithBacking(out))
	o.run = func(in [][]float32) { run(append(in, out)) }
	return gorgonia.ApplyOp(o, in...)
}

func (o *operation) Arity() int { return o.arity }

func (o *operation) Type() hm.Type {
	vector := gorgonia.TensorType{Dims: 1, Of: tensor.Float32}
	types := make([]hm.Type, o.arity+1)
	for i := range types {
		types[i] = vector
	}
	if o.result == nil {
		types[o.arity] = tensor.Float32
	}
	return hm.NewFnType(types...)
}

func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	if o.result == nil {
		return tensor.ScalarShape(), nil
	}
	return o.result.Shape().Clone(), nil
}

// Do runs the operation. A panic would end the process, since Gorgonia runs
// operations on a goroutine of its own: it becomes an error.
func (o *operation) Do(values ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v", o.name, r)
		}
	}()
	in := make([][]float32, len(values), len(values)+1)
	for i, v := range values {
		in[i], _ = v.Data().([]float32)
	}
	o.run(in)
	if o.result == nil {
		return o.scalar, nil
	}
	return o.result, nil
}

func (o *operation) DiffWRT(int) []bool { return o.wrt }

func (o *operation) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.back == nil {
		return nil, fmt.Errorf("%s has no gradient", o.name)
	}
	return o.back(in, out, grad)
}

func (o *operation) ReturnsPtr() bool     { return true }
func (o *operation) CallsExtern() bool    { return false }
func (o *operation) OverwritesInput() int { return -1 }

func (o *operation) WriteHash(h hash.Hash) { fmt.Fprintf(h, "mlp %d", o.id) }

func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *operation) String() string { return o.name }
