package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// along emits a function of every row of t along an axis. Rows that are not stored
// side by side are gathered for it.
func (c *compiler) along(n *node, t *tensor, a int, f func(dst, src []float32)) *tensor {
	place := a
	if t.last && len(t.shape) == 4 {
		place = [4]int{0, 3, 1, 2}[a]
	}
	dims := reorder(t.shape, t.last)
	size, inner := dims[place], product(dims[place+1:])
	if inner == 1 {
		return c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part simd.Part) {
			for i, end := part.Span(len(out), size); i < end; i += size {
				f(out[i:][:size], in[0][i:][:size])
			}
		})
	}
	outer := product(dims[:place])
	return c.share(n, []*tensor{t}, t.shape, t.last, size, t.len(), func(in [][]float32, out, scratch []float32, part simd.Part) {
		for o, end := part.Span(outer*inner, 1); o < end; o++ {
			at := o/inner*size*inner + o%inner
			for i := range size {
				scratch[i] = in[0][at+i*inner]
			}
			f(scratch[:size], scratch[:size])
			for i := range size {
				out[at+i*inner] = scratch[i]
			}
		}
	})
}

// flattened is softmax's own idea of an axis before opset 13: all dimensions from
// it on are one.
func (c *compiler) flattened(n *node, t *tensor) (view *tensor, a int, err error) {
	if a, err = axis(n, n.Int("axis"), len(t.shape)); err != nil || c.model.Opset >= 13 {
		return t, a, err
	}
	return c.view(t, []int{product(t.shape[:a]), product(t.shape[a:])}), 1, nil
}

func softmaxOf(f func(dst, src []float32)) operator {
	return func(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
		t, a, err := c.flattened(n, in[0])
		if err != nil {
			return nil, err
		}
		out := c.along(n, t, a, f)
		if len(t.shape) != len(in[0].shape) || !sameShape(t, in[0]) {
			out = c.view(out, in[0].shape)
		}
		return []*tensor{out}, nil
	}
}

// opSoftmax is softmax, which what multiplies with it may do itself.
func opSoftmax(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	s := in[0].scores
	out, err := softmaxOf(simd.Softmax)(c, n, in)
	if a, _ := axis(n, n.Int("axis"), len(in[0].shape)); err == nil && a == len(in[0].shape)-1 {
		out[0].scores = s.throughSoftmax()
	}
	return out, err
}

func logSoftmax(dst, src []float32) {
	highest, sum := float32(math.Inf(-1)), 0.0
	for _, v := range src {
		highest = max(highest, v)
	}
	for _, v := range src {
		sum += math.Exp(float64(v - highest))
	}
	shift := float64(highest) + math.Log(sum)
	for i, v := range src {
		dst[i] = float32(float64(v) - shift)
	}
}

// opCumSum adds up values along an axis.
func opCumSum(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	if len(in[1].ints) != 1 {
		return nil, unsupported(n, "axis that is not constant")
	}
	a, err := axis(n, int(in[1].ints[0]), len(t.shape))
	if err != nil {
		return nil, err
	}
	reverse, exclusive := n.Int("reverse") != 0, n.Int("exclusive") != 0
	if t.ints != nil {
		out := c.integers(n, t.shape, t.elem)
		size, inner := t.shape[a], product(t.shape[a+1:])
		for row := range len(t.ints) / size {
			cumulate(size, reverse, exclusive, func(i int, sum int64) (int64, int64) {
				at := (row/inner*size+i)*inner + row%inner
				return t.ints[at], wrap(sum, t.elem)
			}, func(i int, v int64) { out.ints[(row/inner*size+i)*inner+row%inner] = wrap(v, t.elem) })
		}
		return []*tensor{out}, nil
	}
	return []*tensor{c.along(n, t, a, func(dst, src []float32) {
		cumulate(len(dst), reverse, exclusive, func(i int, sum float64) (float64, float64) { return float64(src[i]), sum }, func(i int, v float64) { dst[i] = float32(v) })
	})}, nil
}

// cumulate sets every place to the sum up to it.
func cumulate[T int64 | float64](n int, reverse, exclusive bool, get func(i int, sum T) (T, T), set func(i int, v T)) {
	var sum T
	for k := range n {
		i := k
		if reverse {
			i = n - 1 - k
		}
		v, before := get(i, sum)
		sum = before + v
		if exclusive {
			set(i, before)
		} else {
			set(i, sum)
		}
	}
}

// opLpNorm divides rows by their norm.
func opLpNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	a, err := axis(n, n.Int("axis"), len(in[0].shape))
	if err != nil {
		return nil, err
	}
	p := n.Int("p")
	if p != 1 && p != 2 {
		return nil, corrupt(n, "norm of order %d", p)
	}
	return []*tensor{c.along(n, in[0], a, func(dst, src []float32) {
		var sum float64
		for _, v := range src {
			if p == 1 {
				sum += math.Abs(float64(v))
			} else {
				sum += float64(v) * float64(v)
			}
		}
		if p == 2 {
			sum = math.Sqrt(sum)
		}
		for i, v := range src {
			dst[i] = 0
			if sum != 0 {
				dst[i] = float32(float64(v) / sum)
			}
		}
	})}, nil
}
