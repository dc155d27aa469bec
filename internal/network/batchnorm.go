package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/simd"
)

func opBatchNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if len(in[0].shape) < 2 {
		return nil, corrupt(n, "input of shape %v", in[0].shape)
	}
	if training(n) {
		// A film's result would depend on the films beside it; not so of weights
		// that are standardized this way.
		if in[0].data == nil || in[1].data == nil || in[2].data == nil {
			return nil, unsupported(n, "training mode")
		}
		return c.standardized(n, in)
	}
	scale, shift := batchNorm(n, in[1:])
	if scale == nil || len(scale) != in[0].shape[1] {
		return nil, unsupported(n, "normalization without constant statistics for its %d channels", in[0].shape[1])
	}
	x := in[0]
	if rank := len(x.shape); rank == 3 || rank > 4 {
		x = c.view(x, []int{x.shape[0], x.shape[1], 1, product(x.shape[2:])})
	}
	if len(x.shape) == 4 {
		x = c.channelsLast(n, x)
	}
	f := c.activation(n, len(in[0].shape))
	width := len(scale)
	out := c.shareOver(n, []*tensor{x}, func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), width); i < end; i += width {
			simd.Affine(out[i:][:width], in[0][i:], scale, shift, f)
		}
	})
	if len(in[0].shape) != len(x.shape) {
		out = c.view(out, in[0].shape)
	}
	return []*tensor{out}, nil
}

// standardized is a batch normalization of constants by their own statistics.
func (c *compiler) standardized(n *node, in []*tensor) ([]*tensor, error) {
	x := c.plain(in[0])
	channels, size := x.shape[1], product(x.shape[2:])
	if in[1].len() != channels || in[2].len() != channels {
		return nil, corrupt(n, "scale of shape %v and bias of %v for %d channels", in[1].shape, in[2].shape, channels)
	}
	count, epsilon := float64(x.shape[0]*size), float64(n.Float("epsilon"))
	return []*tensor{c.emit(n, []*tensor{x, in[1], in[2]}, x.shape, false, func(in [][]float32, out []float32) {
		for ch := range channels {
			each := func(f func(i int)) {
				for row := ch; row < x.shape[0]*channels; row += channels {
					for i := row * size; i < (row+1)*size; i++ {
						f(i)
					}
				}
			}
			var sum, squares float64
			each(func(i int) { sum += float64(in[0][i]) })
			mean := sum / count
			each(func(i int) { squares += (float64(in[0][i]) - mean) * (float64(in[0][i]) - mean) })
			factor := float64(in[1][ch]) / math.Sqrt(squares/count+epsilon)
			each(func(i int) { out[i] = float32((float64(in[0][i])-mean)*factor + float64(in[2][ch])) })
		}
	})}, nil
}
