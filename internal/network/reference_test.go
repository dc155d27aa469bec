package network

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// The reference interpreter: every operator by its definition, in float64, index
// by index, without layouts, fusion or shared memory.

// An array is a value of the reference.
type array struct {
	shape  []int
	values []float64
}

func newArray(shape ...int) *array {
	return &array{slices.Clone(shape), make([]float64, product(shape))}
}

// each calls f with every index, in order.
func (a *array) each(f func(index []int, v *float64)) {
	index := make([]int, len(a.shape))
	for i := range a.values {
		f(index, &a.values[i])
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < a.shape[k] {
				break
			}
			index[k] = 0
		}
	}
}

// at is the element at an index, of which leading dimensions may be more than a
// has, and where a has one element all places are that.
func (a *array) at(index ...int) float64 {
	place := 0
	for k, d := range a.shape {
		i := index[len(index)-len(a.shape)+k]
		if d == 1 {
			i = 0
		}
		place = place*d + i
	}
	return a.values[place]
}

// inside is at, or a value beyond the border.
func (a *array) inside(beyond float64, index ...int) float64 {
	for k, i := range index {
		if i < 0 || i >= a.shape[k] {
			return beyond
		}
	}
	return a.at(index...)
}

func (a *array) of(f func(v float64) float64) *array {
	out := newArray(a.shape...)
	for i, v := range a.values {
		out.values[i] = f(v)
	}
	return out
}

// make fills a new array by index.
func filled(shape []int, f func(index []int) float64) *array {
	out := newArray(shape...)
	out.each(func(index []int, v *float64) { *v = f(index) })
	return out
}

func with(index []int, k, v int) []int {
	out := slices.Clone(index)
	out[k] = v
	return out
}

// interpret computes the model's output.
func interpret(m *onnx.Model, input *array) (*array, error) {
	known := map[string]*array{m.Inputs[0].Name: input}
	for name, w := range m.Initializers {
		a := newArray(w.Shape...)
		if w.Type.Integers() {
			for i, v := range w.Ints() {
				a.values[i] = float64(v)
			}
		} else {
			for i, v := range w.Floats() {
				a.values[i] = float64(v)
			}
		}
		known[name] = a
	}
	for _, n := range m.Nodes {
		var in []*array
		for _, name := range n.Inputs {
			in = append(in, known[name])
		}
		f := reference[n.Op]
		if f == nil {
			return nil, fmt.Errorf("no reference for %s", n.Op)
		}
		for i, out := range f(n, in) {
			known[n.Outputs[i]] = out
		}
	}
	return known[m.Outputs[0].Name], nil
}

type definition func(n *onnx.Node, in []*array) []*array

func one1(f func(v float64) float64) definition {
	return func(_ *onnx.Node, in []*array) []*array { return []*array{in[0].of(f)} }
}

func two(f func(a, b float64) float64) definition {
	return func(_ *onnx.Node, in []*array) []*array {
		return []*array{filled(broadcast(in[0].shape, in[1].shape), func(i []int) float64 { return f(in[0].at(i...), in[1].at(i...)) })}
	}
}

var reference = map[string]definition{
	"Relu": one1(func(v float64) float64 { return max(v, 0) }), "Sigmoid": one1(func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }), "Tanh": one1(math.Tanh),
	"Neg": one1(func(v float64) float64 { return -v }), "Abs": one1(math.Abs), "Softplus": one1(func(v float64) float64 { return math.Log1p(math.Exp(v)) }), "Erf": one1(math.Erf),
	"HardSwish": one1(func(v float64) float64 { return v * max(0, min(1, v/6+0.5)) }), "Identity": one1(func(v float64) float64 { return v }),
	"Add": two(func(a, b float64) float64 { return a + b }), "Sub": two(func(a, b float64) float64 { return a - b }), "Mul": two(func(a, b float64) float64 { return a * b }),
	"Div": two(func(a, b float64) float64 { return a / b }),
	"Max": two(math.Max), "Min": two(math.Min), "PRelu": two(func(a, b float64) float64 {
		if a < 0 {
			return a * b
		}
		return a
	}),
	"Greater": two(func(a, b float64) float64 {
		if a > b {
			return 1
		}
		return 0
	}),
	"Where": func(_ *onnx.Node, in []*array) []*array {
		shape := broadcast(broadcast(in[0].shape, in[1].shape), in[2].shape)
		return []*array{filled(shape, func(i []int) float64 {
			if in[0].at(i...) != 0 {
				return in[1].at(i...)
			}
			return in[2].at(i...)
		})}
	},
	"Conv": referenceConv, "MaxPool": referencePool, "AveragePool": referencePool,
	"GlobalAveragePool": func(n *onnx.Node, in []*array) []*array {
		x := in[0]
		return []*array{filled([]int{x.shape[0], x.shape[1], 1, 1}, func(i []int) float64 {
			sum := 0.0
			for y := range x.shape[2] {
				for z := range x.shape[3] {
					sum += x.at(i[0], i[1], y, z)
				}
			}
			return sum / float64(x.shape[2]*x.shape[3])
		})}
	},
	"BatchNormalization": func(n *onnx.Node, in []*array) []*array {
		return []*array{filled(in[0].shape, func(i []int) float64 {
			ch := i[1]
			return (in[0].at(i...)-in[3].values[ch])/math.Sqrt(in[4].values[ch]+float64(n.Float("epsilon", 1e-5)))*in[1].values[ch] + in[2].values[ch]
		})}
	},
	"LayerNormalization": func(n *onnx.Node, in []*array) []*array {
		x, last := in[0], in[0].shape[len(in[0].shape)-1]
		return []*array{filled(x.shape, func(i []int) float64 {
			k := len(i) - 1
			var mean, squares float64
			for j := range last {
				mean += x.at(with(i, k, j)...) / float64(last)
			}
			for j := range last {
				squares += math.Pow(x.at(with(i, k, j)...)-mean, 2) / float64(last)
			}
			return (x.at(i...)-mean)/math.Sqrt(squares+float64(n.Float("epsilon", 1e-5)))*in[1].values[i[k]] + in[2].values[i[k]]
		})}
	},
	"Softmax": func(n *onnx.Node, in []*array) []*array {
		x, a := in[0], n.Int("axis", -1)
		return []*array{filled(x.shape, func(i []int) float64 {
			sum := 0.0
			for j := range x.shape[a] {
				sum += math.Exp(x.at(with(i, a, j)...) - x.at(i...))
			}
			return 1 / sum
		})}
	},
	"ReduceMean": func(n *onnx.Node, in []*array) []*array {
		return referenceReduce(n, in[0], 0, func(s, v float64) float64 { return s + v }, true)
	},
	"ReduceMax": func(n *onnx.Node, in []*array) []*array {
		return referenceReduce(n, in[0], math.Inf(-1), math.Max, false)
	},
	"Concat": func(n *onnx.Node, in []*array) []*array {
		a, shape := n.Int("axis", 0), slices.Clone(in[0].shape)
		shape[a] = 0
		for _, t := range in {
			shape[a] += t.shape[a]
		}
		return []*array{filled(shape, func(i []int) float64 {
			k := i[a]
			for _, t := range in {
				if k < t.shape[a] {
					return t.at(with(i, a, k)...)
				}
				k -= t.shape[a]
			}
			panic("beyond")
		})}
	},
	"Transpose": func(n *onnx.Node, in []*array) []*array {
		perm := n.Ints("perm")
		shape := make([]int, len(perm))
		for k, p := range perm {
			shape[k] = in[0].shape[p]
		}
		return []*array{filled(shape, func(i []int) float64 {
			from := make([]int, len(perm))
			for k, p := range perm {
				from[p] = i[k]
			}
			return in[0].at(from...)
		})}
	},
	"Reshape": func(n *onnx.Node, in []*array) []*array {
		shape, open, rest := []int{}, -1, len(in[0].values)
		for i, v := range in[1].values {
			d := int(v)
			if d == 0 {
				d = in[0].shape[i]
			}
			if d < 0 {
				open, d = i, 1
			}
			shape = append(shape, d)
			rest /= d
		}
		if open >= 0 {
			shape[open] = rest
		}
		return []*array{{shape, slices.Clone(in[0].values)}}
	},
	"Slice": func(n *onnx.Node, in []*array) []*array { // one axis, within bounds
		a, start, end, step := int(in[3].values[0]), int(in[1].values[0]), int(in[2].values[0]), int(in[4].values[0])
		shape := slices.Clone(in[0].shape)
		if end < 0 {
			end += shape[a]
		}
		shape[a] = 0
		for k := start; step > 0 && k < end || step < 0 && k > end; k += step {
			shape[a]++
		}
		return []*array{filled(shape, func(i []int) float64 { return in[0].at(with(i, a, start+i[a]*step)...) })}
	},
	"Gather": func(n *onnx.Node, in []*array) []*array {
		a, shape := n.Int("axis", 0), slices.Clone(in[0].shape)
		shape[a] = len(in[1].values)
		out := filled(shape, func(i []int) float64 { return in[0].at(with(i, a, int(in[1].values[i[a]]))...) })
		if len(in[1].shape) == 0 { // one place, and so no dimension
			out.shape = slices.Delete(shape, a, a+1)
		}
		return []*array{out}
	},
	"Split": func(n *onnx.Node, in []*array) (out []*array) {
		a, from := n.Int("axis", 0), 0
		for _, size := range in[1].values {
			shape, first := with(in[0].shape, a, int(size)), from
			out = append(out, filled(shape, func(i []int) float64 { return in[0].at(with(i, a, first+i[a])...) }))
			from += int(size)
		}
		return out
	},
	"Pad": func(n *onnx.Node, in []*array) []*array {
		rank := len(in[0].shape)
		shape := slices.Clone(in[0].shape)
		for k := range rank {
			shape[k] += int(in[1].values[k]) + int(in[1].values[rank+k])
		}
		return []*array{filled(shape, func(i []int) float64 {
			from := slices.Clone(i)
			for k := range from {
				from[k] -= int(in[1].values[k])
			}
			return in[0].inside(in[2].values[0], from...)
		})}
	},
	"MatMul": func(n *onnx.Node, in []*array) []*array {
		a, b := in[0], in[1]
		ra, rb := len(a.shape), len(b.shape)
		k := a.shape[ra-1]
		shape := append(broadcast(a.shape[:ra-2], b.shape[:rb-2]), a.shape[ra-2], b.shape[rb-1])
		return []*array{filled(shape, func(i []int) float64 {
			sum, last := 0.0, len(i)-1
			for j := range k {
				sum += a.at(with(i, last, j)...) * b.at(with(i, last-1, j)...)
			}
			return sum
		})}
	},
	"Resize": func(n *onnx.Node, in []*array) []*array { // nearest, asymmetric, floor
		shape := slices.Clone(in[0].shape)
		for k := range shape {
			shape[k] = int(float64(shape[k]) * in[2].values[k])
		}
		return []*array{filled(shape, func(i []int) float64 {
			from := slices.Clone(i)
			for k := range from {
				from[k] = int(float64(from[k]) / in[2].values[k])
			}
			return in[0].at(from...)
		})}
	},
}

func referenceConv(n *onnx.Node, in []*array) []*array {
	x, w := in[0], in[1]
	strides, dilations, pads, groups := n.Ints("strides"), n.Ints("dilations"), n.Ints("pads"), n.Int("group", 1)
	height := (x.shape[2]+pads[0]+pads[2]-(w.shape[2]-1)*dilations[0]-1)/strides[0] + 1
	width := (x.shape[3]+pads[1]+pads[3]-(w.shape[3]-1)*dilations[1]-1)/strides[1] + 1
	return []*array{filled([]int{x.shape[0], w.shape[0], height, width}, func(i []int) float64 {
		sum := 0.0
		if len(in) > 2 {
			sum = in[2].values[i[1]]
		}
		group := i[1] / (w.shape[0] / groups)
		for ch := range w.shape[1] {
			for ky := range w.shape[2] {
				for kx := range w.shape[3] {
					y, z := i[2]*strides[0]-pads[0]+ky*dilations[0], i[3]*strides[1]-pads[1]+kx*dilations[1]
					sum += w.at(i[1], ch, ky, kx) * x.inside(0, i[0], group*w.shape[1]+ch, y, z)
				}
			}
		}
		return sum
	})}
}

// referencePool is of windows of 3 x 3 at stride and padding 1.
func referencePool(n *onnx.Node, in []*array) []*array {
	x := in[0]
	return []*array{filled(x.shape, func(i []int) float64 {
		sum, most, count := 0.0, math.Inf(-1), 0.0
		for y := i[2] - 1; y <= i[2]+1; y++ {
			for z := i[3] - 1; z <= i[3]+1; z++ {
				if y < 0 || z < 0 || y >= x.shape[2] || z >= x.shape[3] {
					continue
				}
				v := x.at(i[0], i[1], y, z)
				sum, most, count = sum+v, max(most, v), count+1
			}
		}
		if n.Op == "MaxPool" {
			return most
		}
		return sum / count
	})}
}

func referenceReduce(n *onnx.Node, x *array, start float64, add func(s, v float64) float64, mean bool) []*array {
	shape, axes, count := slices.Clone(x.shape), n.Ints("axes"), 1
	for _, a := range axes {
		count *= x.shape[a]
		shape[a] = 1
	}
	out := filled(shape, func([]int) float64 { return start })
	x.each(func(index []int, v *float64) {
		place := 0
		for k, d := range shape {
			i := index[k]
			if d == 1 {
				i = 0
			}
			place = place*d + i
		}
		out.values[place] = add(out.values[place], *v)
	})
	if mean {
		out = out.of(func(v float64) float64 { return v / float64(count) })
	}
	if n.Int("keepdims", 1) == 0 {
		var kept []int
		for k, d := range x.shape {
			if !slices.Contains(axes, k) {
				kept = append(kept, d)
			}
		}
		out.shape = kept
	}
	return []*array{out}
}
