package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// sole is the node that alone reads a value, if there is one.
func (c *compiler) sole(name string) *onnx.Node {
	if u := c.users[name]; len(u) == 1 && !c.outputs[name] {
		return u[0]
	}
	return nil
}

// join makes the nodes part of the one that makes value name; the last node's
// output takes the value's place.
func (c *compiler) join(name string, nodes ...*onnx.Node) string {
	for _, n := range nodes {
		c.done[n] = true
	}
	last := nodes[len(nodes)-1].Outputs[0]
	c.joined[name] = last
	return last
}

// activation finds an activation that alone takes the value that a node makes,
// and joins it to the node.
func (c *compiler) activation(n *onnx.Node) kernel.Activation {
	name := n.Outputs[0]
	if joined := c.joined[name]; joined != "" {
		name = joined
	}
	if u := c.sole(name); u != nil {
		if f, ok := c.simple(u); ok {
			c.joinBehind(n, u)
			return f
		}
		return kernel.None
	}
	// x * f(x): two readers, of which one multiplies with the other's result.
	users := c.users[name]
	if c.outputs[name] || len(users) != 2 {
		return kernel.None
	}
	for i, u := range users {
		mul := users[1-i]
		if mul.Op != "Mul" || len(u.Outputs) == 0 {
			continue
		}
		if chain := c.gelu(u, mul); chain != nil {
			c.joinBehind(n, chain...)
			return kernel.Gelu
		}
		if c.sole(u.Outputs[0]) != mul {
			continue
		}
		switch f, ok := c.simple(u); {
		case ok && f == kernel.Sigmoid:
			c.joinBehind(n, u, mul)
			return kernel.Swish
		case ok && f == kernel.HardSigmoid:
			c.joinBehind(n, u, mul)
			return kernel.HardSwish
		}
	}
	return kernel.None
}

func (c *compiler) joinBehind(n *onnx.Node, nodes ...*onnx.Node) {
	c.join(n.Outputs[0], nodes...)
}

// simple is the activation that a node alone is.
func (c *compiler) simple(n *onnx.Node) (kernel.Activation, bool) {
	switch n.Op {
	case "Relu":
		return kernel.Relu, true
	case "Sigmoid":
		return kernel.Sigmoid, true
	case "HardSwish":
		return kernel.HardSwish, true
	case "HardSigmoid":
		alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
		return kernel.HardSigmoid, math.Abs(float64(alpha)-1.0/6) < 1e-6 && beta == 0.5
	case "Tanh":
		return kernel.Tanh, true
	case "Gelu":
		if n.Text("approximate") == "tanh" {
			return kernel.GeluTanh, true
		}
		return kernel.Gelu, true
	case "Clip":
		low, high, ok := c.clip(n)
		return kernel.Relu6, ok && low == 0 && high == 6
	}
	return kernel.None, false
}

// clip is the bounds of a Clip node, if they are known: attributes up to opset
// 10, inputs since.
func (c *compiler) clip(n *onnx.Node) (low, high float32, ok bool) {
	low, high = n.Float("min", -math.MaxFloat32), n.Float("max", math.MaxFloat32)
	for i, bound := range []*float32{&low, &high} {
		if len(n.Inputs) > i+1 && n.Inputs[i+1] != "" {
			v, known := c.scalar(n.Inputs[i+1])
			if !known {
				return 0, 0, false
			}
			*bound = v
		}
	}
	return low, high, true
}

// scalar is the value of a known tensor of one element.
func (c *compiler) scalar(name string) (float32, bool) {
	t := c.values[name]
	if t == nil {
		w := c.model.Initializers[name]
		if w == nil {
			return 0, false
		}
		t = constant(w)
	}
	if !t.known() || t.len() != 1 {
		return 0, false
	}
	if t.ints != nil {
		return float32(t.ints[0]), true
	}
	return t.data[0], true
}

// gelu recognizes x/sqrt 2 -> Erf -> +1 -> * x -> * 1/2, as PyTorch writes it.
// div is the first of the nodes, mul the multiplication with x.
func (c *compiler) gelu(div, mul *onnx.Node) []*onnx.Node {
	if div.Op != "Div" || !c.constantIs(div, math.Sqrt2) {
		return nil
	}
	plus := c.next(c.next(div, "Erf"), "Add")
	if plus == nil || !c.constantIs(plus, 1) || c.next(plus, "Mul") != mul {
		return nil
	}
	erf, half := c.next(div, "Erf"), c.next(mul, "Mul")
	if half == nil || !c.constantIs(half, 0.5) {
		return nil
	}
	return []*onnx.Node{div, erf, plus, mul, half}
}

// norm finds a batch normalization that alone takes a convolution's result, and
// whose statistics are known, joins it and returns its scale and shift of each
// channel.
func (c *compiler) norm(n *onnx.Node) (scale, shift []float32) {
	bn := c.sole(n.Outputs[0])
	if bn == nil || bn.Op != "BatchNormalization" {
		return nil, nil
	}
	var in []*tensor
	for _, name := range bn.Inputs[1:] {
		t, err := c.value(bn, name)
		if err != nil || !t.known() {
			return nil, nil // made later: it stays a step of its own
		}
		in = append(in, t)
	}
	if scale, shift = batchNorm(bn, in); scale != nil {
		c.joinBehind(n, bn)
	}
	return scale, shift
}

// batchNorm is y = x*scale + shift for the parameters gamma, beta, mean and
// variance; nil if they do not fit together.
func batchNorm(n *onnx.Node, p []*tensor) (scale, shift []float32) {
	if len(p) != 4 {
		return nil, nil
	}
	channels := p[0].len()
	for _, t := range p {
		if t.len() != channels || t.data == nil {
			return nil, nil
		}
	}
	epsilon := float64(n.Float("epsilon", 1e-5))
	for ch := range channels {
		s := float64(p[0].data[ch]) / math.Sqrt(float64(p[3].data[ch])+epsilon)
		scale = append(scale, float32(s))
		shift = append(shift, float32(float64(p[1].data[ch])-s*float64(p[2].data[ch])))
	}
	return scale, shift
}
