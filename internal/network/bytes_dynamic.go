package network

import (
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A late is a scaling of which only the run knows scale and zero point, as after
// DynamicQuantizeLinear: what follows MatMulInteger and ConvInteger. Its results
// are floats.
type late struct {
	zero, scale *tensor // of the first factor; of the sums, one for all or by column
	bias        []float32
	f           simd.Activation
	elem        onnx.Type
}

// lateOf joins the nodes that scale a product of integers: Cast to float, Mul, and
// an addition of a constant by column; columns are the dimension at a place from
// the last. Without them the result is integers.
func (c *compiler) lateOf(n *node, zero *tensor, columns, rank, fromLast int) *late {
	l := &late{zero: zero, scale: number(1), elem: onnx.Int32}
	cast := c.next(n, "Cast", 0)
	if cast == nil || onnx.Type(cast.Int("to")) != onnx.Float {
		return l
	}
	mul := c.next(cast, "Mul", -1)
	if mul == nil {
		return l
	}
	name := mul.Inputs[0]
	if name == cast.Outputs[0] {
		name = mul.Inputs[1]
	}
	scale := c.values[name]
	if scale == nil && c.model.Initializers[name] != nil {
		scale, _ = c.value(mul, name)
	}
	if scale == nil || scale.elem != onnx.Float || scale.bytes || scale.data == nil && scale.at == nil || !byColumn(scale, columns, rank, fromLast) {
		return l
	}
	l.scale, l.elem = c.plain(scale), onnx.Float
	nodes := []*node{cast, mul}
	if add := c.next(mul, "Add", -1); add != nil {
		other := add.Inputs[0]
		if other == mul.Outputs[0] {
			other = add.Inputs[1]
		}
		if c.constantNamed(other) == columns {
			if t, err := c.value(add, other); err == nil && t.data != nil && byColumn(t, columns, rank, fromLast) {
				l.bias = t.data
				nodes = append(nodes, add)
			}
		}
	}
	c.joinBehind(n, nodes...)
	l.f = c.activation(n, rank)
	return l
}

// byColumn reports whether a value is one for all, or one for each place of a
// dimension.
func byColumn(t *tensor, columns, rank, fromLast int) bool {
	if len(t.shape) > rank {
		return false
	}
	if t.len() == 1 {
		return true
	}
	at := len(t.shape) - 1 - fromLast
	return t.len() == columns && at >= 0 && t.shape[at] == columns
}

// inputs are what a step reads beside the rows.
func (l *late) inputs(x *tensor) []*tensor { return []*tensor{x, toFloats(l.zero), l.scale} }

// scratch is how many values each thread needs.
func (l *late) scratch(groups []*simd.PackedBytes) int {
	return 3 * groups[0].Columns()
}

// product is a group's product in this run.
func (l *late) product(g int, b *simd.PackedBytes, zero int32, scale, scratch []float32) *simd.Product {
	columns := b.Columns()
	p := &simd.Product{B: b, Start: simd.Integers(scratch[:columns]), Scale: scratch[columns:][:columns], Bias: scratch[2*columns:][:columns], F: l.f}
	b.Start(p.Start, zero, nil)
	clear(p.Bias)
	for j := range b.N {
		if p.Scale[j] = scale[0]; len(scale) > 1 {
			p.Scale[j] = scale[g*b.N+j]
		}
		if len(l.bias) > 1 {
			p.Bias[j] = l.bias[g*b.N+j]
		} else if l.bias != nil {
			p.Bias[j] = l.bias[0]
		}
	}
	return p
}

// zeroPoint is a zero point as an operand of the run: one value, or 0 where there
// is none.
func zeroPoint(t *tensor) (*tensor, bool) {
	switch {
	case t == nil:
		return number(0), true
	case t.len() != 1 || t.bytes:
		return nil, false
	}
	return t, true
}

// weightZeros are zero points of a constant factor by column.
func weightZeros(t *tensor, columns int) ([]int32, bool) {
	out := make([]int32, columns)
	if t == nil {
		return out, true
	}
	if t.ints == nil || t.len() != 1 && (len(t.shape) != 1 || t.len() != columns) {
		return nil, false
	}
	for i := range out {
		out[i] = int32(t.ints[i%t.len()])
	}
	return out, true
}

func (c *compiler) bytesMatMulInteger(n *node, in []*tensor) (*tensor, error) {
	x, w := in[0], in[1]
	if !w.integers() || len(w.shape) != 2 || !rowsOf(x, w.shape[0]) || x.grid != nil {
		return nil, nil
	}
	zero, ok := zeroPoint(input(in, 2))
	if !ok {
		return nil, nil
	}
	zeros, ok := weightZeros(input(in, 3), w.shape[1])
	if !ok {
		return nil, nil
	}
	b := packBytes(w, w.shape[0], w.shape[1], false, zeros)
	shape := append(append([]int(nil), x.shape[:len(x.shape)-1]...), b.N)
	x = c.plain(x)
	rows, extra := product(shape)/b.N, offset(x.elem)
	l := c.lateOf(n, zero, b.N, len(shape), 0)
	c.integerProducts++
	out := &tensor{shape: shape, elem: l.elem, nhwc: len(shape) == 4}
	return c.add(n, l.inputs(x), out, nil, l.scratch([]*simd.PackedBytes{b}), rows*b.K*b.N, func(in [][]float32, out, scratch []float32, part simd.Part) {
		l.product(0, b, int32(in[1][0])+extra, in[2], scratch).Rescale(out, b.N, simd.Bytes(in[0]), b.K, rows, part)
	}), nil
}

func (c *compiler) bytesConvInteger(n *node, in []*tensor) (*tensor, error) {
	x, w := in[0], in[1]
	if !w.integers() || len(w.shape) != 4 || !x.bytes || len(x.shape) != 4 || x.grid != nil {
		return nil, nil
	}
	zero, ok := zeroPoint(input(in, 2))
	if !ok {
		return nil, nil
	}
	zeros, ok := weightZeros(input(in, 3), w.shape[0])
	if !ok {
		return nil, nil
	}
	conv, err := c.byteConv(n, x, w, zeros)
	if conv == nil || err != nil {
		return nil, err
	}
	x = c.channelsLast(n, x)
	groups, extra := conv.Groups(), offset(x.elem)
	films, from, to, channels := x.shape[0], conv.In.Len(), conv.Out.Len(), conv.Out.Channels
	l := c.lateOf(n, zero, channels, 4, 2)
	c.integerProducts++
	own := (conv.Scratch() + 3) / 4
	out := &tensor{shape: []int{films, channels, conv.Out.Height, conv.Out.Width}, last: true, elem: l.elem}
	return c.add(n, l.inputs(x), out, nil, own+l.scratch(groups), films*conv.Work(), func(in [][]float32, out, scratch []float32, part simd.Part) {
		zero := int32(in[1][0]) + extra
		for i := range films {
			conv.Run(simd.Bytes(in[0])[i*from:], simd.Bytes(scratch[:own]), uint8(zero), part, func(g, pixel, rows int, a []uint8, lda int, part simd.Part) {
				p := l.product(g, groups[g], zero, in[2], scratch[own:])
				p.Rescale(out[i*to+pixel*channels+g*p.B.N:], channels, a, lda, rows, part)
			})
		}
	}), nil
}
