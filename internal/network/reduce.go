package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// opReduce makes ReduceMean, ReduceSum and ReduceMax.
func opReduce(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if n.Op == "ReduceMean" {
		if t := c.spelledLayerNorm(n, in); t != nil {
			return []*tensor{t}, nil
		}
	}
	rank := len(in[0].shape)
	list, err := axes(n, in, 1, rank)
	if err != nil {
		return nil, err
	}
	if list == nil {
		for i := range rank {
			list = append(list, i)
		}
	}
	keep := n.Int("keepdims", 1) != 0
	shape, kept := []int{}, []int{}
	count := 1
	for i, d := range in[0].shape {
		switch {
		case !slices.Contains(list, i):
			shape, kept = append(shape, d), append(kept, d)
		case keep:
			shape, kept = append(shape, 1), append(kept, 1)
			count *= d
		default:
			kept = append(kept, 1)
			count *= d
		}
	}
	if t := in[0]; t.ints != nil || count == 0 {
		return nil, unsupported(n, "reduction of integers or of nothing")
	}
	t := in[0]
	// Walk the input in its order; the result's place follows the dimensions
	// that are kept.
	target := &tensor{shape: kept, last: t.last && keep}
	to := target.spread(t.shape)
	from := t.strides()
	max := n.Op == "ReduceMax"
	scale := float32(1)
	if n.Op == "ReduceMean" {
		scale = 1 / float32(count)
	}
	dims := t.shape
	return []*tensor{c.emit(n, in[:1], shape, t.last && keep, func(in [][]float32, out []float32) {
		start := float32(0)
		if max {
			start = float32(math.Inf(-1))
		}
		for i := range out {
			out[i] = start
		}
		walk(dims, to, from, func(d, s int) {
			if max {
				if v := in[0][s]; v > out[d] || v != v {
					out[d] = v
				}
			} else {
				out[d] += in[0][s]
			}
		})
		for i := range out {
			out[i] *= scale
		}
	})}, nil
}

// walk calls f with the places of every element under two sets of strides.
func walk(shape, a, b []int, f func(i, j int)) {
	index := make([]int, len(shape))
	i, j := 0, 0
	for {
		f(i, j)
		k := len(shape) - 1
		for ; k >= 0; k-- {
			index[k]++
			i, j = i+a[k], j+b[k]
			if index[k] < shape[k] {
				break
			}
			i, j = i-a[k]*shape[k], j-b[k]*shape[k]
			index[k] = 0
		}
		if k < 0 {
			return
		}
	}
}
