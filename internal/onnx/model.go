// Package onnx reads ONNX model files: the graph, its weights and metadata,
// without copying what it can point to. It knows the format
// (github.com/onnx/onnx, onnx.proto), not what operators mean.
package onnx

import "fmt"

// A Model is one file.
type Model struct {
	Opset        int               // of the default domain
	Metadata     map[string]string // metadata_props
	Nodes        []*Node           // in the file's order, which ONNX requires to be topological
	Initializers map[string]*Tensor
	Inputs       []Value // without the initializers
	Outputs      []Value
}

// A Value is a named input or output.
type Value struct {
	Name  string
	Shape []int // -1 where it is not fixed; nil if the file does not tell
}

// A Node is one operation.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string // empty names are left out
	attributes       map[string]*attribute
}

type attribute struct {
	f      float32
	i      int64
	s      string
	t      *Tensor
	floats []float32
	ints   []int64
}

// String names the node in errors.
func (n *Node) String() string {
	if n.Name == "" && len(n.Outputs) > 0 {
		return fmt.Sprintf("%s (of output %q)", n.Op, n.Outputs[0])
	}
	return fmt.Sprintf("%s %q", n.Op, n.Name)
}

// Int is an integer attribute, or the given default.
func (n *Node) Int(name string, or int) int {
	if a := n.attributes[name]; a != nil {
		return int(a.i)
	}
	return or
}

// Float is a float attribute, or the given default.
func (n *Node) Float(name string, or float32) float32 {
	if a := n.attributes[name]; a != nil {
		return a.f
	}
	return or
}

// Text is a string attribute, or "".
func (n *Node) Text(name string) string {
	if a := n.attributes[name]; a != nil {
		return a.s
	}
	return ""
}

// Ints is an attribute of integers, or nil.
func (n *Node) Ints(name string) []int {
	a := n.attributes[name]
	if a == nil {
		return nil
	}
	out := make([]int, len(a.ints))
	for i, v := range a.ints {
		out[i] = int(v)
	}
	return out
}

// Tensor is a tensor attribute, or nil. A Constant's value is one, whatever
// attribute it is written as.
func (n *Node) Tensor(name string) *Tensor {
	if a := n.attributes[name]; a != nil {
		return a.t
	}
	return nil
}

// Constant is the value of a Constant node.
func (n *Node) Constant() (*Tensor, error) {
	for name, a := range n.attributes {
		switch name {
		case "value":
			if a.t != nil {
				return a.t, nil
			}
		case "value_int":
			return &Tensor{Type: Int64, ints: []int64{a.i}}, nil
		case "value_ints":
			return &Tensor{Type: Int64, ints: a.ints, Shape: []int{len(a.ints)}}, nil
		case "value_float":
			return &Tensor{Type: Float, floats: []float32{a.f}}, nil
		case "value_floats":
			return &Tensor{Type: Float, floats: a.floats, Shape: []int{len(a.floats)}}, nil
		}
	}
	return nil, fmt.Errorf("%v has no value that can be read", n)
}
