package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// unary makes an operator of an activation.
func unary(f kernel.Activation) operator {
	return func(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
		if len(in) < 1 || in[0] == nil || in[0].ints != nil {
			return nil, corrupt(n, "no input of floats")
		}
		return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part kernel.Part) {
			first, end := part.Span(len(out), 16)
			copy(out[first:end], in[0][first:]) // onto itself, where the input is free
			f.Apply(out[first:end])
		})}, nil
	}
}

func opActivation(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if f, ok := c.simple(n); ok {
		return unary(f)(c, n, in)
	}
	if n.Op != "HardSigmoid" {
		return nil, unsupported(n, "activation")
	}
	alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = min(max(in[0][i]*alpha+beta, 0), 1)
		}
	})}, nil
}

func opLeaky(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 1 || in[0] == nil || in[0].ints != nil {
		return nil, corrupt(n, "no input of floats")
	}
	alpha := n.Float("alpha", 0.01)
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			if out[i] = in[0][i]; out[i] < 0 {
				out[i] *= alpha
			}
		}
	})}, nil
}

func opClip(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	low, high, ok := c.clip(n)
	if !ok {
		return nil, unsupported(n, "bounds that are not constant")
	}
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = min(max(in[0][i], low), high)
		}
	})}, nil
}

func opNegative(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 1 || in[0] == nil {
		return nil, corrupt(n, "%d inputs", len(in))
	}
	minus := &tensor{ints: []int64{-1}}
	return multiplication.operator(c, n, []*tensor{in[0], minus})
}

// A binary operator: on floats with a kernel, or with a function that is slower,
// or on known floats only; and on integers, which are always known.
type binary struct {
	fast   *kernel.Operation
	floats func(a, b float32) float32
	ints   func(a, b int64) int64
	known  bool // no floats at run time
}

func arithmetic(o kernel.Operation, floats func(a, b float32) float32, ints func(a, b int64) int64) binary {
	return binary{fast: &o, floats: floats, ints: ints}
}

func comparison(floats func(a, b float32) bool, ints func(a, b int64) bool) binary {
	one := func(yes bool) float32 {
		if yes {
			return 1
		}
		return 0
	}
	return binary{
		floats: func(a, b float32) float32 { return one(floats(a, b)) },
		ints:   func(a, b int64) int64 { return int64(one(ints(a, b))) }, known: true,
	}
}

var (
	addition       = arithmetic(kernel.Add, func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b })
	subtraction    = arithmetic(kernel.Sub, func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b })
	multiplication = arithmetic(kernel.Mul, func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
	division       = arithmetic(kernel.Div, func(a, b float32) float32 { return a / b }, func(a, b int64) int64 {
		if b == 0 {
			return 0
		}
		return a / b
	})
	power = binary{floats: func(a, b float32) float32 {
		if b == 2 {
			return a * a
		}
		return float32(math.Pow(float64(a), float64(b)))
	}}
	smaller = binary{floats: func(a, b float32) float32 { return min(a, b) }, ints: func(a, b int64) int64 { return min(a, b) }}
	larger  = binary{floats: func(a, b float32) float32 { return max(a, b) }, ints: func(a, b int64) int64 { return max(a, b) }}
	modulo  = binary{ints: func(a, b int64) int64 { // of the divisor's sign
		if b == 0 {
			return 0
		}
		return ((a % b) + b) % b
	}}
	equality = comparison(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b })
	less     = comparison(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b })
	greater  = comparison(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b })
)

func (op binary) operator(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 2 || in[0] == nil || in[1] == nil {
		return nil, corrupt(n, "%d inputs", len(in))
	}
	a, b := in[0], in[1]
	shape := broadcast(a.shape, b.shape)
	if shape == nil {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	if a.ints != nil && b.ints != nil {
		if op.ints == nil {
			return nil, unsupported(n, "integers")
		}
		return []*tensor{combineInts(op.ints, a, b, shape)}, nil
	}
	if op.floats == nil || op.known && (!a.known() || !b.known()) {
		return nil, unsupported(n, "values that are not known")
	}
	if op.known { // a truth value is an integer
		out := &tensor{shape: shape, ints: make([]int64, product(shape))}
		a, b = toFloats(a), toFloats(b)
		o := newOdometer(shape, a.spread(shape), b.spread(shape), 0)
		for i := range out.ints {
			out.ints[i] = int64(op.floats(a.data[o.a], b.data[o.b]))
			o.next()
		}
		return []*tensor{out}, nil
	}
	a, b = toFloats(a), toFloats(b)
	last := len(shape) == 4 && (a.at != nil && a.last || b.at != nil && b.last)
	if last { // an operand that is the whole result must be stored like it
		if sameLen(a, shape) && !a.last {
			a = c.stored(n, a, true)
		}
		if sameLen(b, shape) && !b.last {
			b = c.stored(n, b, true)
		}
	} else {
		a, b = c.plain(a), c.plain(b)
	}
	f := c.activation(n)
	switch {
	case n.Op == "Add" && sameShape(a, b) && a.at != nil && b.at != nil && a.at != b.at:
		if !c.free(a) && c.free(b) {
			a, b = b, a
		}
		return []*tensor{c.shareOver(n, []*tensor{a, b}, func(in [][]float32, out []float32, part kernel.Part) {
			first, end := part.Span(len(out), 16)
			kernel.AddThen(out[first:end], in[0][first:], in[1][first:], f)
		})}, nil
	case sameLen(a, shape) && a.at != nil:
		return []*tensor{c.shareOver(n, []*tensor{a, b}, op.runner(a, b, shape, last, f))}, nil
	}
	run := op.runner(a, b, shape, last, f)
	return []*tensor{c.share(n, []*tensor{a, b}, shape, last, 0, product(shape), func(in [][]float32, out, _ []float32, part kernel.Part) { run(in, out, part) })}, nil
}

func sameLen(t *tensor, shape []int) bool {
	return len(t.shape) == len(shape) && t.len() == product(shape)
}

func toFloats(t *tensor) *tensor {
	if t.ints == nil {
		return t
	}
	f := &tensor{shape: t.shape, data: make([]float32, len(t.ints))}
	for i, v := range t.ints {
		f.data[i] = float32(v)
	}
	return f
}

// runner walks the result in its storage order, with a short loop inside.
func (op binary) runner(a, b *tensor, shape []int, last bool, f kernel.Activation) func(in [][]float32, out []float32, part kernel.Part) {
	dims := reorder(shape, last)
	sa, sb := reorder(a.spread(shape), last), reorder(b.spread(shape), last)
	dims, sa, sb = collapse(dims, sa, sb)
	inner := len(dims) - 1
	n, da, db := dims[inner], sa[inner], sb[inner]
	return func(in [][]float32, out []float32, part kernel.Part) {
		x, y := in[0], in[1]
		first, end := part.Span(len(out), n)
		o := newOdometer(dims[:inner], sa, sb, first/max(n, 1))
		for at := first; at < end; at += n {
			op.row(out[at:][:n], x[o.a:], y[o.b:], da, db)
			o.next()
		}
		f.Apply(out[first:end])
	}
}

// row computes neighbors of the result from operands with the given steps.
func (op binary) row(out, x, y []float32, da, db int) {
	switch {
	case op.fast != nil && da == 1 && db == 1:
		op.fast.Vectors(out, x, y)
	case op.fast != nil && da == 1 && db == 0:
		op.fast.Scalar(out, x, y[0])
	default:
		for k := range out {
			out[k] = op.floats(x[k*da], y[k*db])
		}
	}
}

func combineInts(f func(a, b int64) int64, a, b *tensor, shape []int) *tensor {
	out := &tensor{shape: shape, ints: make([]int64, product(shape))}
	o := newOdometer(shape, a.spread(shape), b.spread(shape), 0)
	for i := range out.ints {
		out.ints[i] = f(a.ints[o.a], b.ints[o.b])
		o.next()
	}
	return out
}
