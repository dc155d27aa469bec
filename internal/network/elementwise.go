package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// unary makes an operator of an activation of the kernels.
func unary(f simd.Activation) operator {
	return func(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
		return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part simd.Part) {
			first, end := part.Span(len(out), 16)
			copy(out[first:end], in[0][first:]) // onto itself, where the input is free
			f.Apply(out[first:end])
		})}, nil
	}
}

// each is the result of a function of every float.
func (c *compiler) each(n *node, t *tensor, f func(float32) float32) *tensor {
	return c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part simd.Part) {
		src := in[0]
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = f(src[i])
		}
	})
}

// eachInteger is the result of a function of every known integer.
func (c *compiler) eachInteger(n *node, t *tensor, f func(int64) int64) *tensor {
	out := c.integers(n, t.shape, t.elem)
	for i, v := range t.ints {
		out.ints[i] = wrap(f(v), t.elem)
	}
	return out
}

// pointwise makes an operator of a function of every value, which the node's
// attributes may decide.
func pointwise(f func(n *node) func(float64) float64) operator {
	return func(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
		g := f(n)
		return []*tensor{c.each(n, in[0], func(v float32) float32 { return float32(g(float64(v))) })}, nil
	}
}

// function is pointwise of one that has no attributes.
func function(f func(float64) float64) operator {
	return pointwise(func(*node) func(float64) float64 { return f })
}

func opAbs(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[0].ints != nil {
		return []*tensor{c.eachInteger(n, in[0], func(v int64) int64 { return max(v, -v) })}, nil
	}
	return function(math.Abs)(c, n, in)
}

func opNegative(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[0].ints != nil {
		return []*tensor{c.eachInteger(n, in[0], func(v int64) int64 { return -v })}, nil
	}
	return []*tensor{c.each(n, in[0], func(v float32) float32 { return -v })}, nil
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v // 0 and NaN
}

func softplus(v float64) float64 { return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

func logistic(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// elu is the exponential linear unit with the node's alpha, of a slope and a
// scale for exp(v/scale).
func elu(n *node) func(float64) float64 {
	alpha := float64(n.Float("alpha"))
	return func(v float64) float64 {
		if v >= 0 || v != v {
			return v
		}
		return alpha * math.Expm1(v)
	}
}

func selu(n *node) func(float64) float64 {
	alpha, gamma := float64(n.Float("alpha")), float64(n.Float("gamma"))
	return func(v float64) float64 {
		if v > 0 || v != v {
			return gamma * v
		}
		return gamma * alpha * math.Expm1(v)
	}
}

func celu(n *node) func(float64) float64 {
	alpha := float64(n.Float("alpha"))
	return func(v float64) float64 {
		if v != v {
			return v
		}
		return max(v, 0) + min(0, alpha*math.Expm1(v/alpha))
	}
}

func thresholdedRelu(n *node) func(float64) float64 {
	alpha := float64(n.Float("alpha"))
	return func(v float64) float64 {
		if v > alpha || v != v {
			return v
		}
		return 0
	}
}

func swish(n *node) func(float64) float64 {
	alpha := float64(n.Float("alpha"))
	return func(v float64) float64 { return v * logistic(alpha*v) }
}

func mish(v float64) float64 { return v * math.Tanh(softplus(v)) }

func opActivation(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if f, ok := c.simple(n); ok {
		return unary(f)(c, n, in)
	}
	if n.Op != "HardSigmoid" {
		return nil, unsupported(n, "activation")
	}
	alpha, beta := n.Float("alpha"), n.Float("beta")
	return []*tensor{c.each(n, in[0], func(v float32) float32 { return min(max(v*alpha+beta, 0), 1) })}, nil
}

func opRelu(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[0].ints != nil {
		return []*tensor{c.eachInteger(n, in[0], func(v int64) int64 { return max(v, 0) })}, nil
	}
	return unary(simd.Relu)(c, n, in)
}

func opLeaky(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	alpha := n.Float("alpha")
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			if out[i] = in[0][i]; out[i] < 0 {
				out[i] *= alpha
			}
		}
	})}, nil
}

// opClip limits values: bounds are attributes up to opset 10, inputs since.
func opClip(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	for i := 1; i < len(in); i++ {
		if in[i] != nil && in[i].len() != 1 {
			return nil, corrupt(n, "bound of shape %v", in[i].shape)
		}
	}
	if in[0].ints != nil {
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		for i, bound := range []*int64{&low, &high} {
			if len(in) > i+1 && in[i+1] != nil {
				if in[i+1].ints == nil {
					return nil, unsupported(n, "bounds that are not constant")
				}
				*bound = in[i+1].ints[0]
			}
		}
		return []*tensor{c.eachInteger(n, in[0], func(v int64) int64 { return min(max(v, low), high) })}, nil
	}
	low, high, ok := c.clip(n)
	if !ok { // bounds of the run
		t := in[0]
		for i, op := range []binary{larger, smaller} {
			if len(in) > i+1 && in[i+1] != nil {
				t = c.combine(n, op, t, c.view(in[i+1], nil), t.shape, simd.None)
			}
		}
		return []*tensor{t}, nil
	}
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = min(max(in[0][i], low), high)
		}
	})}, nil
}
