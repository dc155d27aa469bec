package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

func opConv(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[1].data == nil {
		return nil, unsupported(n, "weights that are not constant")
	}
	bias, err := biasOf(n, in, 2)
	if err != nil {
		return nil, err
	}
	x, shape, back, err := c.plane(n, in[0])
	if err != nil {
		return nil, err
	}
	if len(in[1].shape) != len(in[0].shape) {
		return nil, corrupt(n, "weights of shape %v for input of shape %v", in[1].shape, in[0].shape)
	}
	g, err := geometryOf(n, shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	if bias != nil && len(bias) != g.channels {
		return nil, corrupt(n, "bias of %d values for %d channels", len(bias), g.channels)
	}
	weights := in[1].data
	if scale, shift := c.norm(n); scale != nil {
		if len(scale) != g.channels {
			return nil, corrupt(n, "normalization of %d channels, not %d", len(scale), g.channels)
		}
		weights, bias = foldNorm(weights, bias, scale, shift)
	}
	f := c.activation(n, len(in[0].shape))
	return []*tensor{back(c.convolve(n, x, simd.NewConv(shape, g.channels, g.groups, g.window, weights, bias, c.precision), f))}, nil
}

// biasOf is the constant bias of a convolution at an input, or nil.
func biasOf(n *node, in []*tensor, i int) ([]float32, error) {
	if len(in) <= i || in[i] == nil {
		return nil, nil
	}
	if in[i].data == nil {
		return nil, unsupported(n, "bias that is not constant")
	}
	return in[i].data, nil
}

// A geometry is what a convolution does, without its weights.
type geometry struct {
	channels, groups int // of the result
	window           simd.Window
}

// geometryOf reads a convolution with weights of the given shape: channels of the
// result x channels of a group x window.
func geometryOf(n *node, shape simd.Shape, weights []int) (g geometry, err error) {
	g.groups, g.channels = n.Int("group"), weights[0]
	if g.groups < 1 || shape.Channels%g.groups != 0 || g.channels%g.groups != 0 || weights[1] != shape.Channels/g.groups || g.channels == 0 {
		return g, corrupt(n, "weights of shape %v in %d groups for %d channels", weights, g.groups, shape.Channels)
	}
	if size := n.Ints("kernel_shape"); size != nil && !slices.Equal(size, weights[2:]) {
		return g, corrupt(n, "kernel_shape %v, weights of shape %v", size, weights)
	}
	if g.window, err = window(n, shape, weights[2:]); err != nil {
		return g, err
	}
	return g, fits(n, g.window, shape)
}

// convolve emits a convolution of each film.
func (c *compiler) convolve(n *node, x *tensor, conv *simd.Conv, f simd.Activation) *tensor {
	films, from, to := x.shape[0], conv.In.Len(), conv.Out.Len()
	return c.share(n, []*tensor{x}, []int{films, conv.Out.Channels, conv.Out.Height, conv.Out.Width}, true, conv.Scratch(), films*conv.Work()+perMove*conv.Weights(),
		func(in [][]float32, out, scratch []float32, part simd.Part) {
			for i := range films {
				conv.RunPart(out[i*to:][:to], in[0][i*from:][:from], scratch, f, part)
			}
		})
}

// foldNorm is weights and bias of a convolution with its normalization in them.
func foldNorm(weights, bias, scale, shift []float32) (w, b []float32) {
	per := len(weights) / len(scale)
	w, b = make([]float32, len(weights)), append([]float32(nil), shift...)
	for ch, s := range scale {
		for i := ch * per; i < (ch+1)*per; i++ {
			w[i] = weights[i] * s
		}
		if bias != nil {
			b[ch] += bias[ch] * s
		}
	}
	return w, b
}
