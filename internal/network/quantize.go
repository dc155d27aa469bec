package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// Quantized values of the run that are not bytes (bytes.go) are integers in float32,
// which holds 16 bits exactly.

// limits is the range of a quantized type.
func limits(t onnx.Type) (low, high float32) {
	switch t {
	case onnx.Int8:
		return -128, 127
	case onnx.Int16:
		return -32768, 32767
	case onnx.Uint16:
		return 0, 65535
	}
	return 0, 255
}

// aligned is a scale or zero point as an operand that is broadcast to x: one for
// all, one for each place of an axis, or one for each block along it.
func (c *compiler) aligned(n *node, t, x *tensor) (*tensor, error) {
	if t.len() == 1 {
		return c.view(t, []int{}), nil
	}
	if _, ok := n.row.attributes["axis"]; !ok {
		return nil, corrupt(n, "scale or zero point of shape %v, want one value", t.shape)
	}
	a, err := axis(n, n.Int("axis"), len(x.shape))
	if err != nil {
		return nil, err
	}
	if block := n.Int("block_size"); block != 0 {
		want := slices.Clone(x.shape)
		if block < 0 {
			return nil, corrupt(n, "block_size %d", block)
		}
		want[a] = (want[a] + block - 1) / block
		if !slices.Equal(t.shape, want) {
			return nil, corrupt(n, "scale or zero point of shape %v for blocks of %d of %v, want %v", t.shape, block, x.shape, want)
		}
		places := make([]int, x.shape[a])
		for i := range places {
			places[i] = i / block
		}
		return c.take(n, t, a, places), nil
	}
	if len(t.shape) != 1 || t.len() != x.shape[a] {
		return nil, corrupt(n, "scale or zero point of shape %v along axis %d of %v", t.shape, a, x.shape)
	}
	shape := slices.Repeat([]int{1}, len(x.shape)-a)
	shape[0] = x.shape[a]
	return c.view(t, shape), nil
}

// scaleAndZero is the operands of a quantization, the zero point 0 where there is
// none.
func (c *compiler) scaleAndZero(n *node, in []*tensor) (scale, zero *tensor, err error) {
	if scale, err = c.aligned(n, in[1], in[0]); err != nil {
		return nil, nil, err
	}
	zero = number(0)
	if len(in) > 2 && in[2] != nil {
		if !slices.Equal(in[1].shape, in[2].shape) && (in[1].len() != 1 || in[2].len() != 1) {
			return nil, nil, corrupt(n, "scale of shape %v and zero point of %v", in[1].shape, in[2].shape)
		}
		zero, err = c.aligned(n, in[2], in[0])
	}
	return scale, zero, err
}

// opDequantize is (x - zero) * scale.
func opDequantize(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if to := n.outputType(); to != 0 && !to.Floating() {
		return nil, corrupt(n, "output_dtype %v", to)
	}
	scale, zero, err := c.scaleAndZero(n, in)
	if err != nil {
		return nil, err
	}
	t := c.dequantized(n, in[0], scale, zero)
	return []*tensor{t.as(scale.elem)}, nil
}

func (c *compiler) dequantized(n *node, x, scale, zero *tensor) *tensor {
	zero = toFloats(zero)
	if scale.known() && zero.known() && scale.len() == 1 && zero.len() == 1 && !x.known() {
		s, z := scale.data[0], zero.data[0]
		return c.each(n, x, func(v float32) float32 { return (v - z) * s })
	}
	return c.ternary(n, [3]*tensor{x, scale, zero}, x.shape, func(x, s, z float32) float32 { return (x - z) * s })
}

// outputType is the attribute output_dtype, or 0.
func (n *node) outputType() onnx.Type {
	if n.Has("output_dtype") {
		return onnx.Type(n.Int("output_dtype"))
	}
	return 0
}

// opQuantize is round(x / scale) + zero, within the range of the type: that of the
// zero point, that of the attribute output_dtype, or uint8.
func opQuantize(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	to := n.outputType()
	if len(in) > 2 && in[2] != nil {
		if to != 0 && to != in[2].elem {
			return nil, corrupt(n, "output_dtype %v beside a zero point of %v", to, in[2].elem)
		}
		to = in[2].elem
	}
	if to == 0 {
		to = onnx.Uint8
	}
	if !quantized.has(to) {
		return nil, unsupported(n, "output of %v, want %v", to, quantized)
	}
	scale, zero, err := c.scaleAndZero(n, in)
	if err != nil {
		return nil, err
	}
	x := in[0]
	if x.ints != nil {
		return nil, unsupported(n, "input of %v", x.elem)
	}
	if !c.wantedAsBytes(n) {
		if t := c.grid(n, x, scale, zero, to); t != nil {
			return []*tensor{t}, nil
		}
	}
	if eightBits.has(to) && !x.known() && scale.known() && zero.known() && scale.len() == 1 && zero.len() == 1 {
		return []*tensor{c.toBytes(n, x, to, grid(to, scale.data[0], toFloats(zero).data[0]))}, nil
	}
	t := c.quantized(n, x, scale, zero, to)
	if t.known() { // a known integer
		if t, err = c.cast(n, t, to); err != nil {
			return nil, err
		}
	}
	return []*tensor{t.as(to)}, nil
}

func (c *compiler) quantized(n *node, x, scale, zero *tensor, to onnx.Type) *tensor {
	zero = toFloats(zero)
	low, high := limits(to)
	if scale.known() && zero.known() && scale.len() == 1 && zero.len() == 1 && !x.known() {
		s, z := scale.data[0], zero.data[0]
		return c.each(n, x, func(v float32) float32 { return quantum(v, s, z, low, high) })
	}
	return c.ternary(n, [3]*tensor{x, scale, zero}, x.shape, func(x, s, z float32) float32 { return quantum(x, s, z, low, high) })
}

func quantum(x, scale, zero, low, high float32) float32 {
	return min(max(float32(math.RoundToEven(float64(x/scale)))+zero, low), high)
}

// grid joins a quantization of the run to the dequantization that alone takes it
// by the same constants: the values are rounded to the grid of the type.
func (c *compiler) grid(n *node, x, scale, zero *tensor, to onnx.Type) *tensor {
	u := c.sole(n.Outputs[0])
	if u == nil || u.Op != "DequantizeLinear" || u.Inputs[0] != n.Outputs[0] || x.known() || !scale.known() || !zero.known() || scale.len() != 1 || zero.len() != 1 ||
		u.outputType() != 0 {
		return nil
	}
	other := make([]*tensor, len(u.Inputs))
	for i, name := range u.Inputs[1:] {
		if name == "" {
			continue
		}
		if c.constantNamed(name) != 1 {
			return nil
		}
		t, err := c.value(u, name)
		if err != nil {
			return nil
		}
		other[i+1] = t
	}
	s, z := scale.data[0], toFloats(zero).data[0]
	back := number(0)
	if len(other) > 2 && other[2] != nil {
		back = other[2]
		if back.elem != to {
			return nil
		}
	}
	if other[1].data == nil || other[1].data[0] != s || toFloats(back).data[0] != z {
		return nil
	}
	c.joinBehind(n, u)
	low, high := limits(to)
	return c.shareOver(n, []*tensor{x}, func(in [][]float32, out []float32, part simd.Part) {
		src := in[0]
		if eightBits.has(to) {
			first, end := part.Span(len(out), 32)
			grid(to, s, z).Snap(out[first:end], src[first:end])
			return
		}
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = (quantum(src[i], s, z, low, high) - z) * s
		}
	}).as(other[1].elem)
}

// opDynamicQuantize chooses scale and zero point by the range of the values, 0 in
// it, for uint8.
func opDynamicQuantize(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	x := in[0]
	defer c.hold(x)()
	width := func(low, high float32) float32 { return (high - low) / 255 }
	scale := c.emit(n, []*tensor{x}, []int{}, false, func(in [][]float32, out []float32) { out[0] = width(simd.Extremes(in[0])) })
	zero := c.emit(n, []*tensor{x}, []int{}, false, func(in [][]float32, out []float32) {
		low, high := simd.Extremes(in[0])
		out[0] = 0
		if s := width(low, high); s != 0 {
			out[0] = float32(math.RoundToEven(float64(min(max(-low/s, 0), 255))))
		}
	})
	if x.known() {
		y := c.ternary(n, [3]*tensor{x, scale, zero}, x.shape, func(x, s, z float32) float32 {
			if s == 0 {
				return z
			}
			return quantum(x, s, z, 0, 255)
		})
		return []*tensor{y, scale.as(onnx.Float), zero}, nil
	}
	out := bytesLike(x.shape, x.last, onnx.Uint8)
	size := out.len()
	y := c.add(n, []*tensor{x, scale, zero}, out, nil, 0, size, func(in [][]float32, out []float32, _ []float32, part simd.Part) {
		first, end := part.Span(size, 32)
		g := simd.Grid{Scale: in[1][0], Zero: int32(in[2][0])}
		if g.Scale == 0 { // all values are 0
			g.Scale = 1
		}
		g.Quantize(simd.Bytes(out)[first:end], in[0][first:end], simd.AllBytes)
	})
	return []*tensor{y, scale.as(onnx.Float), zero}, nil
}

// hold keeps the place of tensors from being written over, until what it returns
// is called: for operators of several steps.
func (c *compiler) hold(in ...*tensor) (release func()) {
	for _, t := range in {
		if t != nil && t.at != nil {
			t.at.pending++
		}
	}
	return func() { c.consume(in) }
}
