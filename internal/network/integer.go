package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// Products of 8-bit integers of other shapes than those of bytes_product.go are sums
// in float32: exact up to 2^24, and rounded to
// its 24 bits beyond, as the cast to float that follows them would.

// shifted is integers less their zero point, as floats: x may be of the run. The
// zero point is one value, or one for each place of a dimension.
func (c *compiler) shifted(n *node, x, zero *tensor, dim int) (*tensor, error) {
	if zero == nil {
		return toFloats(x).as(onnx.Float), nil
	}
	other := c.view(toFloats(zero), []int{})
	if zero.len() != 1 {
		shape := slices.Repeat([]int{1}, len(x.shape)-dim)
		if shape[0] = x.shape[dim]; len(zero.shape) != 1 || zero.len() != shape[0] {
			return nil, unsupported(n, "zero point of shape %v for %v", zero.shape, x.shape)
		}
		other = c.view(toFloats(zero), shape)
	}
	return c.combine(n, subtraction, toFloats(x), other, x.shape, simd.None).as(onnx.Float), nil
}

func input(in []*tensor, i int) *tensor {
	if i < len(in) {
		return in[i]
	}
	return nil
}

func opMatMulInteger(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.integerProduct(n, in[0], in[1], input(in, 2), input(in, 3))
	if err != nil {
		return nil, err
	}
	return c.asIntegers(n, t)
}

// asIntegers is a product as int32.
func (c *compiler) asIntegers(n *node, t *tensor) ([]*tensor, error) {
	if t.known() {
		t, err := c.cast(n, t, onnx.Int32)
		return []*tensor{t}, err
	}
	return []*tensor{t.as(onnx.Int32)}, nil
}

func (c *compiler) integerProduct(n *node, a, b, zeroA, zeroB *tensor) (*tensor, error) {
	ra, rb := len(a.shape), len(b.shape)
	if ra < 2 || rb < 2 || a.shape[ra-1] != b.shape[rb-2] {
		return nil, unsupported(n, "shapes %v and %v", a.shape, b.shape)
	}
	lead := broadcast(a.shape[:ra-2], b.shape[:rb-2])
	if lead == nil {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	x, err := c.shifted(n, a, zeroA, ra-2)
	if err != nil {
		return nil, err
	}
	y, err := c.shifted(n, b, zeroB, rb-1)
	if err != nil {
		return nil, err
	}
	return c.product(n, x, y, lead, append(slices.Clone(lead), a.shape[ra-2], b.shape[rb-1])), nil
}

func opConvInteger(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.integerConv(n, in[0], in[1], input(in, 2), input(in, 3))
	if err != nil {
		return nil, err
	}
	return c.asIntegers(n, t)
}

func (c *compiler) integerConv(n *node, x, w, zeroX, zeroW *tensor) (*tensor, error) {
	if w.ints == nil {
		return nil, unsupported(n, "weights that are not constant")
	}
	if len(w.shape) != len(x.shape) {
		return nil, corrupt(n, "weights of shape %v for input of shape %v", w.shape, x.shape)
	}
	if zeroX != nil && zeroX.len() != 1 {
		return nil, corrupt(n, "zero point of shape %v", zeroX.shape)
	}
	weights, err := c.shifted(n, w, zeroW, 0)
	if err != nil {
		return nil, err
	}
	if weights.data == nil {
		return nil, unsupported(n, "zero point of the weights that is not constant")
	}
	t, err := c.shifted(n, x, zeroX, 0)
	if err != nil {
		return nil, err
	}
	t, shape, back, err := c.plane(n, t)
	if err != nil {
		return nil, err
	}
	g, err := geometryOf(n, shape, w.shape)
	if err != nil {
		return nil, err
	}
	return back(c.convolve(n, t, simd.NewExactConv(shape, g.channels, g.groups, g.window, weights.data), simd.None)), nil
}

// opQLinearMatMul is MatMulInteger, scaled and quantized again.
func opQLinearMatMul(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.integerProduct(n, in[0], in[3], in[2], in[5])
	if err != nil {
		return nil, err
	}
	return c.requantized(n, t, in[1], in[4], in[6], in[7], len(t.shape)-1)
}

// opQLinearConv is ConvInteger with a bias, scaled and quantized again.
func opQLinearConv(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.integerConv(n, in[0], in[3], in[2], in[5])
	if err != nil {
		return nil, err
	}
	if bias := input(in, 8); bias != nil {
		if bias.ints == nil || len(bias.shape) != 1 || bias.len() != t.shape[1] {
			return nil, unsupported(n, "bias of shape %v that is not constant or not for %d channels", bias.shape, t.shape[1])
		}
		shape := slices.Repeat([]int{1}, len(t.shape)-1)
		shape[0] = bias.len()
		t = c.combine(n, addition, t, c.view(toFloats(bias), shape), t.shape, simd.None)
	}
	return c.requantized(n, t, in[1], in[4], in[6], in[7], 1)
}

// requantized is a product by its factors' scales, the second's one for all or
// one for each place of a dimension, on the grid of a third.
func (c *compiler) requantized(n *node, t, a, b, y, zero *tensor, dim int) ([]*tensor, error) {
	if a.data == nil || b.data == nil || y.data == nil || zero.ints == nil || len(a.data) != 1 || len(y.data) != 1 || len(zero.ints) != 1 {
		return nil, unsupported(n, "scales or zero points that are not constant, or not one of the first input and of the output")
	}
	factors := make([]float32, len(b.data))
	for i, v := range b.data {
		factors[i] = a.data[0] * v / y.data[0]
	}
	scale := &tensor{shape: []int{}, elem: onnx.Float, data: factors}
	if len(factors) != 1 {
		scale.shape = slices.Repeat([]int{1}, len(t.shape)-dim)
		if scale.shape[0] = len(factors); len(factors) != t.shape[dim] {
			return nil, corrupt(n, "%d scales for %d", len(factors), t.shape[dim])
		}
	}
	low, high := limits(zero.elem)
	z := float32(zero.ints[0])
	t = c.ternary(n, [3]*tensor{t, scale, number(z)}, t.shape, func(v, s, z float32) float32 { return quantum(v*s, 1, z, low, high) })
	if t.known() {
		t, err := c.cast(n, t, zero.elem)
		return []*tensor{t}, err
	}
	return []*tensor{t.as(zero.elem)}, nil
}
