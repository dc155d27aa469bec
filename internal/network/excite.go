package network

import (
	"github.com/cxrkit/cxrkit/internal/simd"
)

// opMul multiplies. Where a feature map is multiplied with a value of each channel,
// and a convolution of single pixels takes it, as in squeeze-and-excitation, the
// weights are multiplied instead, which are fewer.
func opMul(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	x, s := in[0], in[1]
	if len(x.shape) == 4 && product(x.shape[2:]) == 1 {
		x, s = s, x
	}
	if t, err := c.excited(n, x, s); t != nil || err != nil {
		return []*tensor{t}, err
	}
	return multiplication.operator(c, n, in)
}

// excited is the convolution of x times s that alone takes what the node makes, if
// there is one that it is worth for.
func (c *compiler) excited(n *node, x, s *tensor) (*tensor, error) {
	if c.precision != simd.Single || x.known() || s.known() || len(x.shape) != 4 || !x.last || len(s.shape) != 4 || s.shape[0] != x.shape[0] || s.shape[1] != x.shape[1] || product(s.shape[2:]) != 1 {
		return nil, nil
	}
	conv := c.next(n, "Conv", 0)
	if conv == nil || c.constantNamed(conv.Inputs[1]) < 0 || len(conv.Inputs) > 2 && conv.Inputs[2] != "" && c.constantNamed(conv.Inputs[2]) < 0 {
		return nil, nil
	}
	in := []*tensor{x}
	for _, name := range conv.Inputs[1:] {
		if name == "" {
			in = append(in, nil)
			continue
		}
		t, err := c.value(conv, name)
		if err != nil || t.data == nil {
			return nil, err
		}
		in = append(in, t)
	}
	w, shape := in[1], simd.Shape{Height: x.shape[2], Width: x.shape[3], Channels: x.shape[1]}
	if len(w.shape) != 4 || product(w.shape[2:]) != 1 || 2*w.shape[0] > shape.Height*shape.Width {
		return nil, nil // too many weights
	}
	g, err := geometryOf(conv, shape, w.shape)
	if err != nil || g.groups != 1 || g.window != (simd.Window{Height: 1, Width: 1, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}) {
		return nil, nil // it is compiled by itself, and says so itself
	}
	packed, f, err := c.pointwise(conv, in, g.channels)
	if err != nil {
		return nil, err
	}
	last := conv.Outputs[0]
	if joined := c.joined[last]; joined != "" {
		last = joined
	}
	c.done[conv] = true
	c.joined[n.Outputs[0]] = last
	films, pixels, k := x.shape[0], shape.Height*shape.Width, shape.Channels
	return c.share(n, []*tensor{x, c.plain(s)}, []int{films, g.channels, shape.Height, shape.Width}, true, packed.Values(), films*pixels*k*g.channels,
		func(in [][]float32, out, scratch []float32, part simd.Part) {
			for i := range films {
				b := packed.Times(in[1][i*k:][:k], scratch)
				simd.GemmPart(out[i*pixels*g.channels:][:pixels*g.channels], g.channels, in[0][i*pixels*k:][:pixels*k], k, pixels, &b, f, part)
			}
		}), nil
}

// pointwise packs a convolution of single pixels with the normalization behind it,
// and finds its activation.
func (c *compiler) pointwise(n *node, in []*tensor, channels int) (*simd.Packed, simd.Activation, error) {
	bias, err := biasOf(n, in, 2)
	if err != nil {
		return nil, 0, err
	}
	if bias != nil && len(bias) != channels {
		return nil, 0, corrupt(n, "bias of %d values for %d channels", len(bias), channels)
	}
	weights := in[1].data
	if scale, shift := c.norm(n); scale != nil {
		if len(scale) != channels {
			return nil, 0, corrupt(n, "normalization of %d channels, not %d", len(scale), channels)
		}
		weights, bias = foldNorm(weights, bias, scale, shift)
	}
	k := len(weights) / channels
	return simd.Pack(k, channels, weights, 1, k, bias, simd.Single), c.activation(n, 4), nil
}
