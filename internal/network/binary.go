package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A binary operator: on floats with a kernel, or with a function that is slower;
// and on known integers.
type binary struct {
	fast   *simd.Operation
	floats func(a, b float32) float32
	ints   func(a, b int64) int64
	truth  bool // the result is a truth value
	divide bool // the second integer must not be 0
}

func arithmetic(o simd.Operation, floats func(a, b float32) float32, ints func(a, b int64) int64) binary {
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
		ints:   func(a, b int64) int64 { return int64(one(ints(a, b))) }, truth: true,
	}
}

var (
	addition       = arithmetic(simd.Add, func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b })
	subtraction    = arithmetic(simd.Sub, func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b })
	multiplication = arithmetic(simd.Mul, func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
	quotient       = simd.Div
	division       = binary{fast: &quotient, floats: func(a, b float32) float32 { return a / b }, ints: func(a, b int64) int64 { return a / b }, divide: true}
	power          = binary{floats: raise, ints: raiseInteger}
	smaller        = binary{floats: func(a, b float32) float32 { return min(a, b) }, ints: func(a, b int64) int64 { return min(a, b) }}
	larger         = binary{floats: func(a, b float32) float32 { return max(a, b) }, ints: func(a, b int64) int64 { return max(a, b) }}
	// The result has the sign of the divisor, or with fmod that of the
	// dividend, as in C.
	modulo    = binary{ints: func(a, b int64) int64 { return (a%b + b) % b }, divide: true}
	remainder = binary{floats: func(a, b float32) float32 { return float32(math.Mod(float64(a), float64(b))) }, ints: func(a, b int64) int64 { return a % b }, divide: true}
	equality  = comparison(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b })
	less      = comparison(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b })
	atMost    = comparison(func(a, b float32) bool { return a <= b }, func(a, b int64) bool { return a <= b })
	greater   = comparison(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b })
	atLeast   = comparison(func(a, b float32) bool { return a >= b }, func(a, b int64) bool { return a >= b })
	both      = comparison(func(a, b float32) bool { return a != 0 && b != 0 }, func(a, b int64) bool { return a != 0 && b != 0 })
	either    = comparison(func(a, b float32) bool { return a != 0 || b != 0 }, func(a, b int64) bool { return a != 0 || b != 0 })
	one       = comparison(func(a, b float32) bool { return (a != 0) != (b != 0) }, func(a, b int64) bool { return (a != 0) != (b != 0) })
	rectified = binary{floats: func(a, slope float32) float32 { // PRelu
		if a < 0 {
			return a * slope
		}
		return a
	}}
)

func raise(a, b float32) float32 {
	if b == 2 {
		return a * a
	}
	return float32(math.Pow(float64(a), float64(b)))
}

func raiseInteger(a, b int64) int64 {
	if b < 0 {
		return int64(math.Pow(float64(a), float64(b)))
	}
	out := int64(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			out *= a
		}
		a *= a
	}
	return out
}

func (op binary) operator(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := op.apply(c, n, in[0], in[1], true)
	return []*tensor{t}, err
}

// variadic makes an operator of any number of inputs: the first with the second,
// the result with the third.
func (op binary) variadic(mean bool) operator {
	return func(c *compiler, n *node, in []*tensor) (_ []*tensor, err error) {
		t := in[0]
		for i, other := range in[1:] {
			if other == nil {
				return nil, corrupt(n, "input %d is missing", i+2)
			}
			if t, err = op.apply(c, n, t, other, i == len(in)-2 && !mean); err != nil {
				return nil, err
			}
		}
		if mean {
			t, err = division.apply(c, n, t, number(float32(len(in))), true)
		}
		return []*tensor{t}, err
	}
}

func opMod(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if n.Int("fmod") != 0 {
		return remainder.operator(c, n, in)
	}
	if in[0].ints == nil || in[1].ints == nil {
		return nil, corrupt(n, "floats without fmod")
	}
	return modulo.operator(c, n, in)
}

// opPRelu multiplies negative values with a slope, which is broadcast to them but
// not they to it.
func opPRelu(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if shape := broadcast(in[0].shape, in[1].shape); shape == nil || len(shape) != len(in[0].shape) || product(shape) != in[0].len() {
		return nil, corrupt(n, "slope of shape %v for %v", in[1].shape, in[0].shape)
	}
	return rectified.operator(c, n, in)
}

// apply computes a op b. A last one may have an activation behind it joined.
func (op binary) apply(c *compiler, n *node, a, b *tensor, last bool) (*tensor, error) {
	shape := broadcast(a.shape, b.shape)
	if shape == nil {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	elem := a.elem
	if op.truth {
		elem = onnx.Bool
	}
	if a.ints != nil && b.ints != nil {
		return op.combineIntegers(c, n, a, b, shape, elem)
	}
	if a.elem.Floating() != b.elem.Floating() && n.Op != "Pow" || !a.elem.Floating() && n.Op == "Pow" {
		return nil, unsupported(n, "%v and %v", a.elem, b.elem)
	}
	if op.floats == nil {
		return nil, unsupported(n, "floats")
	}
	var err error
	if a, err = exact(n, a); err != nil {
		return nil, err
	}
	if b, err = exact(n, b); err != nil {
		return nil, err
	}
	if op.truth && a.known() && b.known() { // a known truth value is an integer
		out := c.integers(n, shape, elem)
		o := newOdometer(shape, a.spread(shape), b.spread(shape), 0)
		for i := range out.ints {
			out.ints[i] = int64(op.floats(a.data[o.a], b.data[o.b]))
			o.next()
		}
		return out, nil
	}
	f := simd.None
	if last && !op.truth {
		f = c.activation(n, len(shape))
	}
	return c.combine(n, op, a, b, shape, f).as(elem), nil
}

// combine emits f(a op b) of floats, whose result has the given shape.
func (c *compiler) combine(n *node, op binary, a, b *tensor, shape []int, f simd.Activation) *tensor {
	o, s := op.scaling(a, b, shape, f)
	out := c.combined(n, op, a, b, shape, f)
	out.origin, out.scores = o, s
	return out
}

func (c *compiler) combined(n *node, op binary, a, b *tensor, shape []int, f simd.Activation) *tensor {
	last := len(shape) == 4 && (a.at != nil && a.last || b.at != nil && b.last)
	a, b = c.operandOf(n, a, shape, last), c.operandOf(n, b, shape, last)
	switch {
	case op.fast != nil && *op.fast == simd.Add && sameShape(a, b) && a.at != nil && b.at != nil && a.at != b.at:
		if !c.free(a) && c.free(b) {
			a, b = b, a
		}
		return c.shareOver(n, []*tensor{a, b}, func(in [][]float32, out []float32, part simd.Part) {
			first, end := part.Span(len(out), 16)
			simd.AddThen(out[first:end], in[0][first:], in[1][first:], f)
		})
	case sameLen(a, shape) && a.at != nil:
		return c.shareOver(n, []*tensor{a, b}, op.runner(a, b, shape, last, f))
	}
	run := op.runner(a, b, shape, last, f)
	return c.share(n, []*tensor{a, b}, shape, last, 0, product(shape), func(in [][]float32, out, _ []float32, part simd.Part) { run(in, out, part) })
}

// operandOf is t as an operand of an elementwise result: one as large as the
// result is stored like it.
func (c *compiler) operandOf(n *node, t *tensor, shape []int, last bool) *tensor {
	if !last {
		return c.plain(t)
	}
	if sameLen(t, shape) && !t.last {
		return c.stored(n, t, true)
	}
	return t
}

func sameLen(t *tensor, shape []int) bool {
	return len(t.shape) == len(shape) && t.len() == product(shape)
}

// runner walks the result in its storage order, with a short loop inside.
func (op binary) runner(a, b *tensor, shape []int, last bool, f simd.Activation) func(in [][]float32, out []float32, part simd.Part) {
	dims := reorder(shape, last)
	sa, sb := reorder(a.spread(shape), last), reorder(b.spread(shape), last)
	dims, sa, sb = collapse(dims, sa, sb)
	inner := len(dims) - 1
	n, da, db := dims[inner], sa[inner], sb[inner]
	return func(in [][]float32, out []float32, part simd.Part) {
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

func (op binary) combineIntegers(c *compiler, n *node, a, b *tensor, shape []int, elem onnx.Type) (*tensor, error) {
	if op.ints == nil {
		return nil, unsupported(n, "integers")
	}
	out := c.integers(n, shape, elem)
	o := newOdometer(shape, a.spread(shape), b.spread(shape), 0)
	for i := range out.ints {
		x, y := a.ints[o.a], b.ints[o.b]
		if op.divide && y == 0 {
			return nil, corrupt(n, "division by 0")
		}
		out.ints[i] = wrap(op.ints(x, y), elem)
		o.next()
	}
	return out, nil
}

// ternary emits a function of three operands that are broadcast to the shape of
// the result; known integers among them are taken as floats.
func (c *compiler) ternary(n *node, operands [3]*tensor, shape []int, f func(x, y, z float32) float32) *tensor {
	last := false
	for _, t := range operands {
		last = last || len(shape) == 4 && t.at != nil && t.last
	}
	in, steps := make([]*tensor, 3), [3][]int{}
	for i, t := range operands {
		in[i] = c.operandOf(n, toFloats(t), shape, last)
		steps[i] = reorder(in[i].spread(shape), last)
	}
	dims := reorder(shape, last)
	return c.share(n, in, shape, last, 0, product(shape), func(in [][]float32, out, _ []float32, part simd.Part) {
		inner := 1
		if len(dims) > 0 {
			inner = dims[len(dims)-1]
		}
		first, end := part.Span(len(out), inner)
		if first >= end {
			return
		}
		outer := dims[:max(len(dims)-1, 0)]
		a, b := newOdometer(outer, steps[0], steps[1], first/inner), newOdometer(outer, steps[2], steps[2], first/inner)
		var dx, dy, dz int
		if k := len(dims) - 1; k >= 0 {
			dx, dy, dz = steps[0][k], steps[1][k], steps[2][k]
		}
		for at := first; at < end; at += inner {
			x, y, z := in[0][a.a:], in[1][a.b:], in[2][b.a:]
			for i := range inner {
				out[at+i] = f(x[i*dx], y[i*dy], z[i*dz])
			}
			a.next()
			b.next()
		}
	})
}
