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
		return []*tensor{c.emitOver(n, in[:1], func(in [][]float32, out []float32) {
			copy(out, in[0]) // onto itself, where the input is free
			f.Apply(out)
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
	return []*tensor{c.emitOver(n, in[:1], func(in [][]float32, out []float32) {
		for i, v := range in[0] {
			out[i] = min(max(v*alpha+beta, 0), 1)
		}
	})}, nil
}

func opClip(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	low, high, ok := c.clip(n)
	if !ok {
		return nil, unsupported(n, "bounds that are not constant")
	}
	return []*tensor{c.emitOver(n, in[:1], func(in [][]float32, out []float32) {
		for i, v := range in[0] {
			out[i] = min(max(v, low), high)
		}
	})}, nil
}

// A binary operator on floats and on integers.
type binary struct {
	floats func(a, b float32) float32
	ints   func(a, b int64) int64
}

var (
	addition       = binary{func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b }}
	subtraction    = binary{func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b }}
	multiplication = binary{func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b }}
	division       = binary{func(a, b float32) float32 { return a / b }, func(a, b int64) int64 {
		if b == 0 {
			return 0
		}
		return a / b
	}}
	power = binary{func(a, b float32) float32 {
		if b == 2 {
			return a * a
		}
		return float32(math.Pow(float64(a), float64(b)))
	}, nil}
	modulo = binary{nil, func(a, b int64) int64 { // of the divisor's sign
		if b == 0 {
			return 0
		}
		return ((a % b) + b) % b
	}}
	equality = binary{nil, func(a, b int64) int64 {
		if a == b {
			return 1
		}
		return 0
	}}
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
	if op.floats == nil {
		return nil, unsupported(n, "values that are not known")
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
		return []*tensor{c.emitOver(n, []*tensor{a, b}, func(in [][]float32, out []float32) {
			if &out[0] != &in[0][0] {
				copy(out, in[0])
			}
			kernel.Add(out, in[1], f)
		})}, nil
	case sameLen(a, shape) && a.at != nil:
		return []*tensor{c.emitOver(n, []*tensor{a, b}, op.runner(a, b, shape, last, f))}, nil
	}
	run := op.runner(a, b, shape, last, f)
	return []*tensor{c.emit(n, []*tensor{a, b}, shape, last, 0, func(in [][]float32, out, _ []float32) { run(in, out) })}, nil
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
func (op binary) runner(a, b *tensor, shape []int, last bool, f kernel.Activation) func(in [][]float32, out []float32) {
	dims := reorder(shape, last)
	sa, sb := reorder(a.spread(shape), last), reorder(b.spread(shape), last)
	dims, sa, sb = collapse(dims, sa, sb)
	inner := len(dims) - 1
	return func(in [][]float32, out []float32) {
		x, y := in[0], in[1]
		n, da, db := dims[inner], sa[inner], sb[inner]
		index := make([]int, inner)
		i, j := 0, 0
		for at := 0; at < len(out); at += n {
			row := out[at:][:n]
			switch {
			case da == 1 && db == 1:
				p, q := x[i:][:n], y[j:][:n]
				for k := range row {
					row[k] = op.floats(p[k], q[k])
				}
			default:
				for k := range row {
					row[k] = op.floats(x[i+k*da], y[j+k*db])
				}
			}
			for k := inner - 1; k >= 0; k-- {
				index[k]++
				i, j = i+sa[k], j+sb[k]
				if index[k] < dims[k] {
					break
				}
				i, j = i-sa[k]*dims[k], j-sb[k]*dims[k]
				index[k] = 0
			}
		}
		f.Apply(out)
	}
}

// collapse joins dimensions that both operands walk as one.
func collapse(dims, a, b []int) (d, sa, sb []int) {
	d, sa, sb = []int{1}, []int{0}, []int{0}
	for i := range dims {
		if dims[i] == 1 {
			continue
		}
		k := len(d) - 1
		if d[k] == 1 {
			d[k], sa[k], sb[k] = dims[i], a[i], b[i]
		} else if sa[k] == a[i]*dims[i] && sb[k] == b[i]*dims[i] {
			d[k], sa[k], sb[k] = d[k]*dims[i], a[i], b[i]
		} else {
			d, sa, sb = append(d, dims[i]), append(sa, a[i]), append(sb, b[i])
		}
	}
	return d, sa, sb
}

func combineInts(f func(a, b int64) int64, a, b *tensor, shape []int) *tensor {
	out := &tensor{shape: shape, ints: make([]int64, product(shape))}
	for i := range out.ints {
		out.ints[i] = f(a.ints[i%max(len(a.ints), 1)], b.ints[i%max(len(b.ints), 1)])
	}
	return out
}
