// Package graph is what our Gorgonia graphs share: operations of our own, which
// are functions of vectors, and the ways round what would hurt in Gorgonia.
//
//   - Gorgonia writes a package-level map while a graph is built, without a lock:
//     [Lock] is held while one is built, differentiated or compiled.
//   - It joins nodes of equal hash and operands: every [Op] has a hash of its own.
//   - It runs operations on a goroutine where a panic ends the process: an Op's
//     panic becomes an error.
//   - Its machines have a finalizer and lie on a cycle, so that they are never
//     collected: [Machine] takes the finalizer off.
package graph

import (
	"fmt"
	"hash"
	"hash/fnv"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Lock is held while a graph is built, differentiated or compiled.
var Lock sync.Mutex

// An Op is an operation on vectors of float32. Matrices are vectors, row by row,
// and the result lies always in the same memory.
type Op struct {
	Name   string
	Result gorgonia.Value // of [Vector], or a *gorgonia.F32

	// Run computes Result from the operands.
	Run func(operands []gorgonia.Value) error

	// Back makes the gradients of the operands from that of the result, nil for
	// an operand without; nil if there are none. Gradients says which have one.
	Back      func(in gorgonia.Nodes, out, gradient *gorgonia.Node) (gorgonia.Nodes, error)
	Gradients []bool

	id    uint64
	arity int
}

var (
	_   gorgonia.SDOp = (*Op)(nil)
	ids atomic.Uint64
)

// Apply adds an operation to the graph of its operands. An Op is added once.
func Apply(o *Op, operands ...*gorgonia.Node) (*gorgonia.Node, error) {
	o.id, o.arity = ids.Add(1), len(operands)
	node, err := gorgonia.ApplyOp(o, operands...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return node, nil
}

// Vector is data as a value of a graph, not copied.
func Vector(data []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(data)), tensor.WithBacking(data))
}

// Input adds a vector that is given, in memory of the caller's.
func Input(g *gorgonia.ExprGraph, name string, data []float32) *gorgonia.Node {
	return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(len(data)), gorgonia.WithName(name), gorgonia.WithValue(Vector(data)))
}

// Machine compiles a graph, to be run by one goroutine at a time. It is collected
// like any other value; closing it does nothing more.
func Machine(g *gorgonia.ExprGraph) gorgonia.VM {
	vm := gorgonia.NewTapeMachine(g)
	runtime.SetFinalizer(vm, nil)
	return vm
}

// Arity implements [gorgonia.Op].
func (o *Op) Arity() int { return o.arity }

// Type implements [gorgonia.Op].
func (o *Op) Type() hm.Type {
	vector := gorgonia.TensorType{Dims: 1, Of: tensor.Float32}
	types := make([]hm.Type, o.arity+1)
	for i := range types {
		types[i] = vector
	}
	if _, scalar := o.Result.(*gorgonia.F32); scalar {
		types[o.arity] = tensor.Float32
	}
	return hm.NewFnType(types...)
}

// InferShape implements [gorgonia.Op].
func (o *Op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.Result.Shape().Clone(), nil
}

// Do implements [gorgonia.Op].
func (o *Op) Do(operands ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v", o.Name, r)
		}
	}()
	if err := o.Run(operands); err != nil {
		return nil, err
	}
	return o.Result, nil
}

// DiffWRT implements [gorgonia.SDOp].
func (o *Op) DiffWRT(int) []bool { return o.Gradients }

// SymDiff implements [gorgonia.SDOp].
func (o *Op) SymDiff(in gorgonia.Nodes, out, gradient *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.Back == nil {
		return nil, fmt.Errorf("%s has no gradient", o.Name)
	}
	return o.Back(in, out, gradient)
}

// ReturnsPtr implements [gorgonia.Op].
func (o *Op) ReturnsPtr() bool { return true }

// CallsExtern implements [gorgonia.Op].
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput implements [gorgonia.Op].
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash implements [gorgonia.Op]: no two Ops are equal.
func (o *Op) WriteHash(h hash.Hash) { fmt.Fprintf(h, "cxrkit %d", o.id) }

// Hashcode implements [gorgonia.Op].
func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String implements [gorgonia.Op].
func (o *Op) String() string { return o.Name }
