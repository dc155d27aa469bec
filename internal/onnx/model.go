// Package onnx reads ONNX model files: the graph, its weights and metadata, each
// large weight into memory of its own. It knows the format
// (github.com/onnx/onnx, onnx.proto), not what operators mean.
package onnx

import "fmt"

// A Model is one file.
type Model struct {
	Opset        int               // of the default domain
	Metadata     map[string]string // metadata_props
	Nodes        []*Node           // in the file's order, which ONNX requires to be topological, with its own functions put in
	Initializers map[string]*Tensor
	Inputs       []Value // without the initializers
	Outputs      []Value
}

// A Value is a named input or output.
type Value struct {
	Name  string
	Type  Type  // 0 if the file does not tell
	Shape []int // -1 where it is not fixed; nil if the file does not tell
}

// A Node is one operation.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string // an empty name is one that is left out
	Attributes       map[string]*Attribute
	overload         string // of the function it calls
}

// An AttributeKind is what an attribute holds (AttributeProto.AttributeType).
type AttributeKind int

// Kinds of attributes that can be read.
const (
	FloatAttribute  AttributeKind = 1
	IntAttribute    AttributeKind = 2
	StringAttribute AttributeKind = 3
	TensorAttribute AttributeKind = 4
	GraphAttribute  AttributeKind = 5
	FloatsAttribute AttributeKind = 6
	IntsAttribute   AttributeKind = 7
)

var kindNames = map[AttributeKind]string{
	FloatAttribute: "float", IntAttribute: "int", StringAttribute: "string", TensorAttribute: "tensor", GraphAttribute: "graph", FloatsAttribute: "floats", IntsAttribute: "ints",
}

func (k AttributeKind) String() string {
	if name := kindNames[k]; name != "" {
		return name
	}
	return fmt.Sprintf("kind %d", int(k))
}

// An Attribute is a named parameter of a node: the field of its kind is set.
type Attribute struct {
	Kind   AttributeKind
	Float  float32
	Int    int64
	String string
	Tensor *Tensor
	Floats []float32
	Ints   []int64

	reference string // name of the function's attribute that it takes its value from
}

// String names the node in errors.
func (n *Node) String() string {
	op := n.Op
	if n.Domain != "" && n.Domain != "ai.onnx" {
		op = n.Domain + "." + op
	}
	if n.Name == "" && len(n.Outputs) > 0 {
		return fmt.Sprintf("%s (of output %q)", op, n.Outputs[0])
	}
	return fmt.Sprintf("%s %q", op, n.Name)
}

// Int is an integer attribute, or the given default.
func (n *Node) Int(name string, or int) int {
	if a := n.Attributes[name]; a != nil {
		return int(a.Int)
	}
	return or
}

// Float is a float attribute, or the given default.
func (n *Node) Float(name string, or float32) float32 {
	if a := n.Attributes[name]; a != nil {
		return a.Float
	}
	return or
}

// Ints is an attribute of integers, or nil.
func (n *Node) Ints(name string) []int {
	a := n.Attributes[name]
	if a == nil {
		return nil
	}
	out := make([]int, len(a.Ints))
	for i, v := range a.Ints {
		out[i] = int(v)
	}
	return out
}

// Constant is the value of a Constant node.
func (n *Node) Constant() (*Tensor, error) {
	if len(n.Attributes) == 1 {
		for name, a := range n.Attributes {
			switch {
			case name == "value" && a.Tensor != nil:
				return a.Tensor, nil
			case name == "value_int":
				return &Tensor{Type: Int64, ints: []int64{a.Int}}, nil
			case name == "value_ints":
				return &Tensor{Type: Int64, ints: a.Ints, Shape: []int{len(a.Ints)}}, nil
			case name == "value_float":
				return &Tensor{Type: Float, floats: []float32{a.Float}}, nil
			case name == "value_floats":
				return &Tensor{Type: Float, floats: a.Floats, Shape: []int{len(a.Floats)}}, nil
			}
		}
	}
	return nil, fmt.Errorf("%v has no value that can be read", n)
}
