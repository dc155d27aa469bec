package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// The opsets of ONNX that are read.
const (
	minOpset = 9
	maxOpset = 26
)

// An operator compiles one node. in has a tensor for each input of the node,
// nil for one that is left out.
type operator func(c *compiler, n *node, in []*tensor) ([]*tensor, error)

// A row of the table tells what a node may look like: an operator in a range of
// opsets. What a row does not tell is refused, so that an operator may rely on it.
type row struct {
	op           string
	since, until int // opsets; 0: the first or the last that is read
	inputs       string
	outputs      string
	types        map[string]elements // of each type variable of inputs and outputs
	attributes   attributes
	runs         elements // types that may be known only at run time; 0: floats
	empty        bool     // takes tensors without elements
	compile      operator
	note         string // what else is refused, for the documentation

	in, out []parameter // of inputs and outputs
}

// attributes are the names of attributes and their defaults: of int, float32 or
// string; or the kind of one without a default.
type attributes map[string]any

// A parameter is an input or output: a type variable, with "?" behind it if it may
// be left out and "*" if there may be any number of it.
type parameter struct {
	variable           string
	optional, variadic bool
}

func parameters(text string) (list []parameter) {
	for word := range strings.FieldsSeq(text) {
		name := strings.TrimRight(word, "?*")
		list = append(list, parameter{name, strings.HasSuffix(word, "?"), strings.HasSuffix(word, "*")})
	}
	return list
}

// at is the parameter at a place, or nil.
func at(list []parameter, i int) *parameter {
	if i < len(list) {
		return &list[i]
	}
	if n := len(list); n > 0 && list[n-1].variadic {
		return &list[n-1]
	}
	return nil
}

// elements is a set of element types.
type elements uint32

func setOf(types ...onnx.Type) (s elements) {
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

func (s elements) has(t onnx.Type) bool { return t > 0 && t < 32 && s&(1<<t) != 0 }

// String lists the set as a reader would say it.
func (s elements) String() string {
	for _, known := range []struct {
		set  elements
		name string
	}{{anything, "all"}, {numbers, "numbers"}, {floats, "floats"}, {integers, "integers"}, {signed, "floats, signed integers"}, {indices, "int32, int64"}, {eightBits, "uint8, int8"}} {
		if s == known.set {
			return known.name
		}
	}
	var names []string
	rest := s
	if s&floats == floats {
		names, rest = append(names, "floats"), rest&^floats
	}
	for t := onnx.Type(1); t < 32; t++ {
		if rest.has(t) {
			names = append(names, t.String())
		}
	}
	return strings.Join(names, ", ")
}

// Sets of element types. All floats are computed in float32.
var (
	floats    = setOf(onnx.Float, onnx.Float16, onnx.Double, onnx.BFloat16)
	integers  = setOf(onnx.Uint8, onnx.Int8, onnx.Uint16, onnx.Int16, onnx.Int32, onnx.Int64, onnx.Uint32, onnx.Uint64)
	numbers   = floats | integers
	anything  = numbers | boolean
	boolean   = setOf(onnx.Bool)
	signed    = floats | setOf(onnx.Int8, onnx.Int16, onnx.Int32, onnx.Int64)
	indices   = setOf(onnx.Int32, onnx.Int64)
	int64s    = setOf(onnx.Int64)
	float32s  = setOf(onnx.Float)
	eightBits = setOf(onnx.Uint8, onnx.Int8)
)

// A node is a node of the model with its row of the table, which knows the
// defaults of its attributes.
type node struct {
	*onnx.Node
	row *row
}

// rowFor finds the row of a node of whose outputs some are wanted, or says what is
// not known about it.
func rowFor(n *onnx.Node, m *onnx.Model, wanted map[string]bool) (*row, error) {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return nil, unsupported(n, "operator of domain %q", n.Domain)
	}
	rows := table[n.Op]
	if rows == nil {
		return nil, unsupported(n, "operator %s", n.Op)
	}
	for _, r := range rows {
		if m.Opset >= r.since && (r.until == 0 || m.Opset <= r.until) {
			return r, r.check(n, wanted)
		}
	}
	return nil, corrupt(n, "operator %s is not of opset %d", n.Op, m.Opset)
}

// check compares a node with its row: the numbers of inputs and outputs, and the
// attributes.
func (r *row) check(n *onnx.Node, wanted map[string]bool) error {
	for i, name := range n.Inputs {
		if at(r.in, i) == nil && name != "" {
			return corrupt(n, "%d inputs, want at most %d", len(n.Inputs), len(r.in))
		}
	}
	for i, p := range r.in {
		if !p.optional && (i >= len(n.Inputs) || n.Inputs[i] == "") {
			return corrupt(n, "input %d is missing", i+1)
		}
	}
	if len(n.Outputs) == 0 || n.Outputs[0] == "" {
		return corrupt(n, "no output")
	}
	for i, name := range n.Outputs {
		if at(r.out, i) == nil && wanted[name] {
			return unsupported(n, "output %d", i+1)
		}
	}
	for name, a := range n.Attributes {
		value, ok := r.attributes[name]
		if !ok {
			return unsupported(n, "attribute %q", name)
		}
		if want := kindOf(value); a.Kind != want {
			return corrupt(n, "attribute %q of %v, want %v", name, a.Kind, want)
		}
	}
	return nil
}

// kindOf is the kind of an attribute by its entry in a row.
func kindOf(value any) onnx.AttributeKind {
	switch v := value.(type) {
	case int:
		return onnx.IntAttribute
	case float32:
		return onnx.FloatAttribute
	case string:
		return onnx.StringAttribute
	case onnx.AttributeKind:
		return v
	}
	panic(fmt.Sprintf("attribute of %T in the table of operators", value))
}

// checkTypes compares the element types of inputs with the row and returns what
// the type variables stand for.
func (n *node) checkTypes(in []*tensor) (map[string]onnx.Type, error) {
	bound := map[string]onnx.Type{}
	for i, t := range in {
		if t == nil {
			continue
		}
		p := at(n.row.in, i)
		set := n.row.types[p.variable]
		if !set.has(t.elem) {
			return nil, unsupported(n.Node, "input %d of %v, want %v", i+1, t.elem, set)
		}
		if before, ok := bound[p.variable]; ok && before != t.elem {
			return nil, corrupt(n.Node, "input %d of %v beside one of %v", i+1, t.elem, before)
		}
		bound[p.variable] = t.elem
		if runs := n.row.runs; !t.known() && !t.elem.Floating() && !runs.has(t.elem) {
			return nil, unsupported(n.Node, "input %d of %v that is only known at run time", i+1, t.elem)
		}
		if t.len() == 0 && !n.row.empty {
			return nil, unsupported(n.Node, "input %d of shape %v has no elements", i+1, t.shape)
		}
	}
	return bound, nil
}

// Int is an integer attribute or its default.
func (n *node) Int(name string) int {
	if a := n.Attributes[name]; a != nil {
		return int(a.Int)
	}
	if v, ok := n.entry(name).(int); ok {
		return v
	}
	return 0
}

// Float is a float attribute or its default.
func (n *node) Float(name string) float32 {
	if a := n.Attributes[name]; a != nil {
		return a.Float
	}
	if v, ok := n.entry(name).(float32); ok {
		return v
	}
	return 0
}

// Text is a string attribute or its default.
func (n *node) Text(name string) string {
	if a := n.Attributes[name]; a != nil {
		return a.String
	}
	if v, ok := n.entry(name).(string); ok {
		return v
	}
	return ""
}

// Has reports whether the node tells an attribute.
func (n *node) Has(name string) bool {
	if n.Attributes[name] == nil {
		n.entry(name)
		return false
	}
	return true
}

// Ints is an attribute of integers, or nil.
func (n *node) Ints(name string) []int {
	n.entry(name)
	return n.Node.Ints(name)
}

// entry is what the row tells of an attribute, which an operator must not ask for
// if it does not.
func (n *node) entry(name string) any {
	v, ok := n.row.attributes[name]
	if !ok && !slices.ContainsFunc(table[n.Op], func(r *row) bool { _, ok := r.attributes[name]; return ok }) {
		panic(fmt.Sprintf("attribute %q is not in the table of operators at %s", name, n.Op))
	}
	return v
}
