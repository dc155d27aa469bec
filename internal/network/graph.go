package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

func outputName(m *onnx.Model, o Options) (string, error) {
	switch o.Output {
	case "":
		return m.Outputs[0].Name, nil
	case LastGemmInput:
		for _, n := range slices.Backward(m.Nodes) {
			if (n.Op == "Gemm" || n.Op == "MatMul") && n.Domain == "" && len(n.Inputs) > 0 {
				return n.Inputs[0], nil
			}
		}
		return "", fmt.Errorf("%w: model without a Gemm", cxr.ErrUnsupported)
	}
	for _, n := range m.Nodes {
		if slices.Contains(n.Outputs, o.Output) {
			return o.Output, nil
		}
	}
	return "", fmt.Errorf("%w: model without a tensor %q; it has %s", cxr.ErrUnsupported, o.Output, tensorNames(m))
}

// tensorNames lists what a model computes, from its end, where embeddings are.
func tensorNames(m *onnx.Model) string {
	const most = 12
	var names []string
	count := 0
	for _, n := range slices.Backward(m.Nodes) {
		for _, name := range n.Outputs {
			if name == "" {
				continue
			}
			if count++; count <= most {
				names = append(names, strconv.Quote(name))
			}
		}
	}
	list := strings.Join(names, ", ")
	if count > most {
		list += fmt.Sprintf(" and %d before", count-most)
	}
	return list
}

// needed is the nodes that the output depends on, in order. All of them are in
// the table, so that what looks ahead meets only what it knows.
func (c *compiler) needed(output string) ([]*node, error) {
	want := map[string]bool{output: true}
	var nodes []*node
	made := map[string]bool{}
	for _, n := range slices.Backward(c.model.Nodes) {
		if !slices.ContainsFunc(n.Outputs, func(name string) bool { return name != "" && want[name] }) {
			continue
		}
		r, err := rowFor(n, c.model, want)
		if err != nil {
			return nil, err
		}
		for _, name := range n.Outputs {
			if name != "" && (made[name] || c.model.Initializers[name] != nil || slices.ContainsFunc(c.model.Inputs, func(v onnx.Value) bool { return v.Name == name })) {
				return nil, corrupt(n, "output %q is made twice", name)
			}
			made[name] = true
		}
		nodes = append(nodes, &node{n, r})
		for _, name := range n.Inputs {
			want[name] = name != ""
		}
		for _, a := range n.Attributes {
			if a.Tensor != nil {
				c.budget += perWeight * a.Tensor.Len()
			}
		}
	}
	slices.Reverse(nodes)
	for _, n := range nodes {
		for _, name := range n.Outputs {
			c.makers[name] = n
		}
		for _, name := range n.Inputs {
			c.users[name] = append(c.users[name], n)
		}
	}
	for name, w := range c.model.Initializers {
		if want[name] {
			c.budget += perWeight * w.Len()
		}
	}
	return nodes, nil
}

// inputs are the tensors of the model's inputs: of the films, or those of a text.
func (c *compiler) inputs(o Options) (*tensor, error) {
	if o.Text > 0 {
		return c.text(o.Text)
	}
	return c.input(c.model.Inputs[0], o)
}

// mostTextInputs are the ids of a text's tokens, which of them count, and which
// are of a second text.
const mostTextInputs = 3

// text makes the tensors of a text: rows of one block, a row for each input of the
// model.
func (c *compiler) text(length int) (*tensor, error) {
	rows := len(c.model.Inputs)
	if rows > mostTextInputs {
		return nil, fmt.Errorf("%w: text model of %d inputs", cxr.ErrUnsupported, rows)
	}
	all := &tensor{shape: []int{rows, length}, elem: onnx.Int64}
	all.at = c.newBuffer(all.len(), -1)
	all.at.pending++ // never free
	for i, v := range c.model.Inputs {
		if !indices.has(v.Type) || len(v.Shape) != 2 || v.Shape[0] > 1 {
			return nil, fmt.Errorf("%w: input %q of %v and shape %v, want integers of 1 x length for a text model", cxr.ErrUnsupported, v.Name, v.Type, v.Shape)
		}
		if v.Shape[1] > 0 && v.Shape[1] != length {
			return nil, fmt.Errorf("%w: input %q of %d tokens, not %d", cxr.ErrMismatch, v.Name, v.Shape[1], length)
		}
		n := &node{Node: &onnx.Node{Op: "input", Name: v.Name}}
		row := c.pick(n, all, []int{1, length}, i*length, []int{length, 1}, false).as(v.Type)
		c.bind(v.Name, row)
	}
	return all, nil
}

// input makes the tensor of the films.
func (c *compiler) input(v onnx.Value, o Options) (*tensor, error) {
	if len(v.Shape) != 4 {
		return nil, fmt.Errorf("%w: input %q of shape %v, want films x channels x height x width", cxr.ErrUnsupported, v.Name, v.Shape)
	}
	if !v.Type.Floating() {
		return nil, fmt.Errorf("%w: input %q of %v, want floats", cxr.ErrUnsupported, v.Name, v.Type)
	}
	gray := func(d int) bool { return d == 1 || d == 3 }
	shape := slices.Clone(v.Shape)
	last := gray(shape[3]) && !gray(shape[1]) // as TensorFlow orders it: films x height x width x channels
	if last {
		shape = []int{1, v.Shape[3], v.Shape[1], v.Shape[2]}
	}
	shape[0] = max(o.Films, 1)
	for i, size := range map[int]int{2: o.Height, 3: o.Width} {
		if shape[i] <= 0 {
			shape[i] = size
		} else if size > 0 && size != shape[i] {
			return nil, fmt.Errorf("%w: model for films of %d x %d pixels, not %d x %d", cxr.ErrMismatch, shape[3], shape[2], o.Width, o.Height)
		}
	}
	if !gray(shape[1]) || shape[2] <= 0 || shape[3] <= 0 || shape[2] > 1<<14 || shape[3] > 1<<14 {
		return nil, fmt.Errorf("%w: input of shape %v; height and width must be given where the model leaves them open", cxr.ErrUnsupported, v.Shape)
	}
	t := &tensor{shape: shape, elem: v.Type, last: true}
	if last { // the same memory
		t.shape, t.last, t.nhwc = []int{shape[0], shape[2], shape[3], shape[1]}, false, true
	}
	t.at = c.newBuffer(t.len(), -1)
	c.bind(v.Name, t)
	return t, nil
}
