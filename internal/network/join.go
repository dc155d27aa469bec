package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// A rule that joins nodes must see that each takes the value before it where the
// rule says, and that constants add no dimensions: (x + [1 1 1 c]) of a matrix is
// no matrix. All nodes are in the table, so of the standard domain.

// sole is the node that alone reads a value, if there is one.
func (c *compiler) sole(name string) *node {
	if u := c.users[name]; len(u) == 1 && !c.outputs[name] {
		return u[0]
	}
	return nil
}

// join makes the nodes part of the one that makes value name; the last node's
// output takes the value's place.
func (c *compiler) join(name string, nodes ...*node) string {
	for _, n := range nodes {
		c.done[n] = true
	}
	last := nodes[len(nodes)-1].Outputs[0]
	c.joined[name] = last
	return last
}

// activation finds an activation that alone takes the value that a node makes, of
// so many dimensions, and joins it to the node.
func (c *compiler) activation(n *node, rank int) simd.Activation {
	name := n.Outputs[0]
	if joined := c.joined[name]; joined != "" {
		name = joined
	}
	if u := c.sole(name); u != nil {
		if f, ok := c.simple(u); ok && u.Inputs[0] == name {
			c.joinBehind(n, u)
			return f
		}
		return simd.None
	}
	// x * f(x): two readers, of which one multiplies with the other's result.
	users := c.users[name]
	if c.outputs[name] || len(users) != 2 {
		return simd.None
	}
	for i, u := range users {
		mul := users[1-i]
		if mul.Op != "Mul" || u == mul || u.Inputs[0] != name {
			continue
		}
		if chain := c.gelu(u, mul, rank); chain != nil {
			c.joinBehind(n, chain...)
			return simd.Gelu
		}
		if c.sole(u.Outputs[0]) != mul {
			continue
		}
		switch f, ok := c.simple(u); {
		case ok && f == simd.Sigmoid:
			c.joinBehind(n, u, mul)
			return simd.Swish
		case ok && f == simd.HardSigmoid:
			c.joinBehind(n, u, mul)
			return simd.HardSwish
		}
	}
	return simd.None
}

func (c *compiler) joinBehind(n *node, nodes ...*node) {
	c.join(n.Outputs[0], nodes...)
}

// simple is the activation that a node alone is.
func (c *compiler) simple(n *node) (simd.Activation, bool) {
	switch n.Op {
	case "Relu":
		return simd.Relu, true
	case "Sigmoid":
		return simd.Sigmoid, true
	case "HardSwish":
		return simd.HardSwish, true
	case "HardSigmoid":
		alpha, beta := n.Float("alpha"), n.Float("beta")
		return simd.HardSigmoid, math.Abs(float64(alpha)-1.0/6) < 1e-6 && beta == 0.5
	case "Tanh":
		return simd.Tanh, true
	case "Gelu":
		switch n.Text("approximate") {
		case "tanh":
			return simd.GeluTanh, true
		case "none":
			return simd.Gelu, true
		}
	case "Clip":
		low, high, ok := c.clip(n)
		return simd.Relu6, ok && low == 0 && high == 6
	}
	return simd.None, false
}

// clip is the bounds of a Clip node, if they are known: attributes up to opset
// 10, inputs since.
func (c *compiler) clip(n *node) (low, high float32, ok bool) {
	low, high = float32(math.Inf(-1)), float32(math.Inf(1))
	if c.model.Opset < 11 {
		return n.Float("min"), n.Float("max"), true
	}
	for i, bound := range []*float32{&low, &high} {
		if len(n.Inputs) > i+1 && n.Inputs[i+1] != "" {
			v, _, known := c.scalar(n.Inputs[i+1])
			if !known {
				return 0, 0, false
			}
			*bound = v
		}
	}
	return low, high, true
}

// scalar is the value and the dimensions of a known tensor of one element.
func (c *compiler) scalar(name string) (v float32, rank int, ok bool) {
	t := c.values[name]
	if t == nil {
		w := c.model.Initializers[name]
		if w == nil || w.Len() != 1 {
			return 0, 0, false
		}
		t = constant(w)
	}
	if !t.known() || t.len() != 1 {
		return 0, 0, false
	}
	if t.ints != nil {
		return float32(t.ints[0]), len(t.shape), true
	}
	return t.data[0], len(t.shape), true
}

// constantIs reports whether the operand at a place of n is a known number
// without more dimensions than the other operand has.
func (c *compiler) constantIs(n *node, place int, want float32, rank int) bool {
	if len(n.Inputs) <= place {
		return false
	}
	v, own, ok := c.scalar(n.Inputs[place])
	return ok && own <= rank && v-want < 1e-5 && want-v < 1e-5
}

// eitherIs is constantIs at either place, where their order does not matter.
func (c *compiler) eitherIs(n *node, want float32, rank int) bool {
	return c.constantIs(n, 0, want, rank) || c.constantIs(n, 1, want, rank)
}

// next is the node that alone takes what n makes, if it is of that operator and
// takes it at the given place, or at any for -1.
func (c *compiler) next(n *node, op string, place int) *node {
	if n == nil {
		return nil
	}
	u := c.sole(n.Outputs[0])
	if u == nil || u.Op != op || place >= 0 && slices.Index(u.Inputs, n.Outputs[0]) != place {
		return nil
	}
	return u
}

// gelu recognizes x/sqrt 2 -> Erf -> +1 -> * x -> * 1/2, as PyTorch writes it.
// div is the first of the nodes, mul the multiplication with x.
func (c *compiler) gelu(div, mul *node, rank int) []*node {
	switch {
	case div.Op == "Div" && c.constantIs(div, 1, math.Sqrt2, rank):
	case div.Op == "Mul" && c.eitherIs(div, math.Sqrt2/2, rank):
	default:
		return nil
	}
	erf := c.next(div, "Erf", 0)
	plus := c.next(erf, "Add", -1)
	if plus == nil || !c.eitherIs(plus, 1, rank) || c.next(plus, "Mul", -1) != mul {
		return nil
	}
	half := c.next(mul, "Mul", -1)
	if half == nil || !c.eitherIs(half, 0.5, rank) {
		return nil
	}
	return []*node{div, erf, plus, mul, half}
}

// norm finds a batch normalization that alone takes a convolution's result, and
// whose statistics are known, joins it and returns its scale and shift of each
// channel.
func (c *compiler) norm(n *node) (scale, shift []float32) {
	bn := c.sole(n.Outputs[0])
	if bn == nil || bn.Op != "BatchNormalization" || bn.Inputs[0] != n.Outputs[0] || training(bn) {
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

// training reports whether a batch normalization takes the statistics of the
// batch: up to opset 13 one with further outputs does.
func training(n *node) bool {
	if slices.ContainsFunc(n.Outputs[1:], func(name string) bool { return name != "" }) {
		return true
	}
	return n.Has("training_mode") && n.Int("training_mode") != 0
}

// batchNorm is y = x*scale + shift for the parameters gamma, beta, mean and
// variance; nil if they do not fit together.
func batchNorm(n *node, p []*tensor) (scale, shift []float32) {
	channels := p[0].len()
	for _, t := range p {
		if len(t.shape) != 1 || t.len() != channels || t.data == nil {
			return nil, nil
		}
	}
	epsilon := float64(n.Float("epsilon"))
	for ch := range channels {
		s := float64(p[0].data[ch]) / math.Sqrt(float64(p[3].data[ch])+epsilon)
		scale = append(scale, float32(s))
		shift = append(shift, float32(float64(p[1].data[ch])-s*float64(p[2].data[ch])))
	}
	return scale, shift
}
