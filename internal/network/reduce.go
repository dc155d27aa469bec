package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// opReduce makes ReduceMean, ReduceSum and ReduceMax.
func opReduce(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
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
	return []*tensor{c.emit(n, in[:1], shape, t.last && keep, 0, func(in [][]float32, out, _ []float32) {
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

func opSoftmax(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis", -1), len(t.shape))
	if err != nil {
		return nil, err
	}
	// Before opset 13 all dimensions from the axis on are one.
	cols := t.shape[len(t.shape)-1]
	if c.model.Opset < 13 {
		cols = product(t.shape[max(0, n.Int("axis", 1)):])
	} else if a != len(t.shape)-1 {
		return nil, unsupported(n, "axis %d of %d", a, len(t.shape))
	}
	return []*tensor{c.emitOver(n, []*tensor{t}, func(in [][]float32, out []float32) {
		for i := 0; i < len(out); i += cols {
			softmax(out[i:][:cols], in[0][i:][:cols])
		}
	})}, nil
}

func softmax(dst, src []float32) {
	highest := slices.Max(src)
	var sum float64
	for i, v := range src {
		e := math.Exp(float64(v - highest))
		dst[i] = float32(e)
		sum += e
	}
	for i := range dst {
		dst[i] = float32(float64(dst[i]) / sum)
	}
}

func opLayerNorm(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis", -1), len(t.shape))
	if err != nil {
		return nil, err
	}
	cols := product(t.shape[a:])
	if len(in) < 2 || in[1] == nil || in[1].data == nil || in[1].len() != cols {
		return nil, unsupported(n, "scale that is not constant")
	}
	gamma, beta := in[1].data, make([]float32, cols)
	if len(in) > 2 && in[2] != nil {
		if in[2].data == nil || in[2].len() != cols {
			return nil, unsupported(n, "bias that is not constant")
		}
		beta = in[2].data
	}
	epsilon := float64(n.Float("epsilon", 1e-5))
	return []*tensor{c.emitOver(n, []*tensor{t}, func(in [][]float32, out []float32) {
		for i := 0; i < len(out); i += cols {
			layerNorm(out[i:][:cols], in[0][i:][:cols], gamma, beta, epsilon)
		}
	})}, nil
}

func layerNorm(dst, src, gamma, beta []float32, epsilon float64) {
	var sum, squares float64
	for _, v := range src {
		sum += float64(v)
	}
	mean := sum / float64(len(src))
	for _, v := range src {
		d := float64(v) - mean
		squares += d * d
	}
	scale := 1 / math.Sqrt(squares/float64(len(src))+epsilon)
	for i, v := range src {
		dst[i] = float32((float64(v)-mean)*scale)*gamma[i] + beta[i]
	}
}
