package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

func opSoftmax(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis", -1), len(t.shape))
	if err != nil {
		return nil, err
	}
	// Before opset 13 all dimensions from the axis on are one.
	cols := t.shape[len(t.shape)-1]
	if c.model.Opset < 13 {
		cols = product(t.shape[max(0, n.Int("axis", 1)):])
	} else if a != len(t.shape)-1 {
		return nil, unsupported(n, "axis %d of %d", a, len(t.shape))
	}
	return []*tensor{c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), cols); i < end; i += cols {
			kernel.Softmax(out[i:][:cols], in[0][i:][:cols])
		}
	})}, nil
}

func opLayerNorm(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis", -1), len(t.shape))
	if err != nil {
		return nil, err
	}
	cols := product(t.shape[a:])
	if len(in) < 2 || in[1] == nil || in[1].data == nil || in[1].len() != cols {
		return nil, unsupported(n, "scale that is not constant")
	}
	gamma, beta := in[1].data, make([]float32, cols)
	if len(in) > 2 && in[2] != nil {
		if in[2].data == nil || in[2].len() != cols {
			return nil, unsupported(n, "bias that is not constant")
		}
		beta = in[2].data
	}
	return []*tensor{c.layerNorm(n, t, gamma, beta, float64(n.Float("epsilon", 1e-5)))}, nil
}

// layerNorm normalizes rows of t that are as long as gamma.
func (c *compiler) layerNorm(n *onnx.Node, t *tensor, gamma, beta []float32, epsilon float64) *tensor {
	cols := len(gamma)
	return c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), cols); i < end; i += cols {
			kernel.LayerNorm(out[i:][:cols], in[0][i:][:cols], gamma, beta, epsilon)
		}
	})
}

// spelledLayerNorm recognizes a layer normalization of the last dimension that
// starts with its mean, as exporters write it up to opset 16:
//
//	d = x - mean(x);  d / sqrt(mean(d^2) + epsilon) * gamma + beta
//
// It joins the nodes behind mean and is nil if they are not these.
func (c *compiler) spelledLayerNorm(mean *onnx.Node, in []*tensor) *tensor {
	x := in[0]
	if len(x.shape) < 2 || x.known() || x.last && product(x.shape[2:]) > 1 || !c.overLast(mean, x) {
		return nil
	}
	sub := c.next(mean, "Sub")
	if sub == nil || len(sub.Inputs) != 2 || sub.Inputs[0] != mean.Inputs[0] {
		return nil
	}
	d := c.users[sub.Outputs[0]]
	if len(d) != 2 || c.outputs[sub.Outputs[0]] {
		return nil
	}
	i := slices.IndexFunc(d, func(n *onnx.Node) bool { return n.Op == "Pow" })
	if i < 0 || !c.constantIs(d[i], 2) {
		return nil
	}
	square, div := d[i], d[1-i]
	variance := c.next(square, "ReduceMean")
	if variance == nil || !c.overLast(variance, x) {
		return nil
	}
	plus := c.next(variance, "Add")
	root := c.next(plus, "Sqrt")
	if root == nil || div.Op != "Div" || c.next(root, "Div") != div || div.Inputs[0] != sub.Outputs[0] {
		return nil
	}
	scale := c.next(div, "Mul")
	shift := c.next(scale, "Add")
	if shift == nil {
		return nil
	}
	epsilon, ok := c.operand(plus, 1)
	gamma, okGamma := c.operand(scale, x.shape[len(x.shape)-1])
	beta, okBeta := c.operand(shift, x.shape[len(x.shape)-1])
	if !ok || !okGamma || !okBeta {
		return nil
	}
	x.at.pending-- // sub reads it too
	c.joinBehind(mean, sub, square, variance, plus, root, div, scale, shift)
	return c.layerNorm(mean, x, gamma, beta, float64(epsilon[0]))
}

// next is the node that alone takes what n makes, if it is of that operator.
func (c *compiler) next(n *onnx.Node, op string) *onnx.Node {
	if n == nil {
		return nil
	}
	if u := c.sole(n.Outputs[0]); u != nil && u.Op == op {
		return u
	}
	return nil
}

// overLast reports whether a reduction of values shaped like x is over the last
// dimension and keeps it.
func (c *compiler) overLast(n *onnx.Node, x *tensor) bool {
	list := n.Ints("axes")
	if len(n.Inputs) > 1 {
		if t, err := c.value(n, n.Inputs[1]); err == nil && len(t.ints) == 1 {
			list = []int{int(t.ints[0])}
		}
	}
	return len(list) == 1 && (list[0] == -1 || list[0] == len(x.shape)-1) && n.Int("keepdims", 1) == 1
}

// operand is the constant operand of n, of the given number of values.
func (c *compiler) operand(n *onnx.Node, count int) ([]float32, bool) {
	for _, name := range n.Inputs {
		if c.values[name] == nil && c.model.Initializers[name] == nil {
			continue // not made yet
		}
		if t, err := c.value(n, name); err == nil && t.known() && t.data != nil && t.len() == count && (count == 1 || t.shape[len(t.shape)-1] == count) {
			return t.data, true
		}
	}
	return nil, false
}

// constantIs reports whether an operand of n is a known number.
func (c *compiler) constantIs(n *onnx.Node, want float32) bool {
	for _, name := range n.Inputs {
		if v, ok := c.scalar(name); ok && v-want < 1e-5 && want-v < 1e-5 {
			return true
		}
	}
	return false
}
