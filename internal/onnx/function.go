package onnx

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A function is an operator that the file defines by others (FunctionProto).
type function struct {
	inputs, outputs []string
	defaults        map[string]*Attribute // of attributes that have one
	nodes           []*Node
	opset           int // of the default domain
}

// A functionName tells a function from others of the file.
type functionName struct{ domain, name, overload string }

// Bounds of functions: how deep they call each other, and how many nodes come of
// them, so that a few bytes do not become millions.
const (
	maxCalls = 16
	maxNodes = 1 << 15
)

func (p *parser) function(b []byte) error {
	f, name := &function{defaults: map[string]*Attribute{}}, functionName{}
	holder := &Node{Op: "function", Attributes: f.defaults}
	err := fields(b, func(v field) error {
		switch v.number {
		case 1:
			name.name = string(v.bytes)
		case 4:
			f.inputs = append(f.inputs, string(v.bytes))
		case 5:
			f.outputs = append(f.outputs, string(v.bytes))
		case 7:
			n, err := p.node(v.bytes)
			f.nodes = append(f.nodes, n)
			return err
		case 9:
			domain, version, err := opsetImport(v.bytes)
			if domain == "" || domain == "ai.onnx" {
				f.opset = version
			}
			return err
		case 10:
			name.domain = string(v.bytes)
		case 11:
			return p.attribute(holder, v.bytes)
		case 13:
			name.overload = string(v.bytes)
		}
		return nil
	})
	if err == nil && p.functions[name] != nil {
		err = fmt.Errorf("%w: two functions %q of domain %q", cxr.ErrCorrupt, name.name, name.domain)
	}
	p.functions[name] = f
	return err
}

// expand puts the nodes of functions in the place of those that call them. opset
// is the model's.
func (p *parser) expand(nodes []*Node, opset, calls int) ([]*Node, error) {
	var out []*Node
	for _, n := range nodes {
		f := p.functions[functionName{n.Domain, n.Op, n.overload}]
		if f == nil {
			for name, a := range n.Attributes {
				if a.reference != "" {
					return nil, fmt.Errorf("%v: attribute %q refers to %q outside a function: %w", n, name, a.reference, cxr.ErrCorrupt)
				}
			}
			if calls > 0 {
				p.called++
			}
			if out = append(out, n); p.called > maxNodes {
				return nil, fmt.Errorf("%v: functions that make more than %d nodes: %w", n, maxNodes, cxr.ErrTooLarge)
			}
			continue
		}
		if calls >= maxCalls {
			return nil, fmt.Errorf("%v: functions that call each other more than %d deep: %w", n, maxCalls, cxr.ErrUnsupported)
		}
		if f.opset != opset {
			return nil, fmt.Errorf("%v: function of opset %d in a model of %d: %w", n, f.opset, opset, cxr.ErrUnsupported)
		}
		if len(n.Inputs) > len(f.inputs) || len(n.Outputs) > len(f.outputs) {
			return nil, fmt.Errorf("%v: %d inputs and %d outputs of a function of %d and %d: %w", n, len(n.Inputs), len(n.Outputs), len(f.inputs), len(f.outputs), cxr.ErrCorrupt)
		}
		body, err := p.expand(p.call(n, f), opset, calls+1)
		if err != nil {
			return nil, err
		}
		out = append(out, body...)
	}
	return out, nil
}

// call is the nodes of a function with the names and attributes of a node.
func (p *parser) call(n *Node, f *function) []*Node {
	p.calls++
	names := map[string]string{"": ""}
	for i, name := range f.inputs {
		names[name] = ""
		if i < len(n.Inputs) {
			names[name] = n.Inputs[i]
		}
	}
	var through []*Node // what goes out as it came in
	for i, name := range f.outputs {
		if i >= len(n.Outputs) || n.Outputs[i] == "" {
			continue
		}
		if from, ok := names[name]; ok {
			through = append(through, &Node{Name: n.Name, Op: "Identity", Inputs: []string{from}, Outputs: []string{n.Outputs[i]}})
			continue
		}
		names[name] = n.Outputs[i]
	}
	renamed := func(list []string) []string {
		out := make([]string, len(list))
		for i, name := range list {
			own, ok := names[name]
			if !ok {
				own = fmt.Sprintf("%s (call %d of %s)", name, p.calls, n.Op)
				names[name] = own
			}
			out[i] = own
		}
		return out
	}
	out := make([]*Node, 0, len(f.nodes)+len(through))
	for _, inner := range f.nodes {
		called := &Node{Name: inner.Name, Op: inner.Op, Domain: inner.Domain, overload: inner.overload, Attributes: map[string]*Attribute{}}
		if n.Name != "" {
			called.Name = n.Name + "/" + inner.Name
		}
		called.Inputs, called.Outputs = renamed(inner.Inputs), renamed(inner.Outputs)
		for name, a := range inner.Attributes {
			if a.reference != "" {
				given := n.Attributes[a.reference]
				if given == nil {
					given = f.defaults[a.reference]
				}
				if given == nil { // left out by the caller, so left out here
					continue
				}
				a = given
			}
			called.Attributes[name] = a
		}
		out = append(out, called)
	}
	return append(out, through...)
}
