package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

func opNot(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[0].ints != nil {
		return []*tensor{c.eachInteger(n, in[0], func(v int64) int64 { return 1 - v })}, nil
	}
	return []*tensor{c.each(n, in[0], func(v float32) float32 { return 1 - v })}, nil
}

// opIsNaN tells what is no number, as exports of attention ask after a Softmax.
func opIsNaN(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	out := c.each(n, in[0], func(v float32) float32 {
		if v != v {
			return 1
		}
		return 0
	})
	if out.known() {
		var err error
		out, err = c.cast(n, out, onnx.Bool)
		return []*tensor{out}, err
	}
	return []*tensor{out.as(onnx.Bool)}, nil
}

// opWhere chooses between the second and the third input.
func opWhere(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	which, yes, no := in[0], in[1], in[2]
	shape := broadcast(yes.shape, no.shape)
	if shape != nil {
		shape = broadcast(shape, which.shape)
	}
	if shape == nil || product(shape) > maxValues {
		return nil, corrupt(n, "shapes %v, %v and %v", which.shape, yes.shape, no.shape)
	}
	if which.ints != nil && yes.ints != nil && no.ints != nil {
		out := c.integers(n, shape, yes.elem)
		test := newOdometer(shape, which.spread(shape), which.spread(shape), 0)
		o := newOdometer(shape, yes.spread(shape), no.spread(shape), 0)
		for i := range out.ints {
			if out.ints[i] = no.ints[o.b]; which.ints[test.a] != 0 {
				out.ints[i] = yes.ints[o.a]
			}
			o.next()
			test.next()
		}
		return []*tensor{out}, nil
	}
	var err error
	if yes, err = exact(n, yes); err != nil {
		return nil, err
	}
	if no, err = exact(n, no); err != nil {
		return nil, err
	}
	return []*tensor{c.ternary(n, [3]*tensor{which, yes, no}, shape, chosen)}, nil
}

// opTrilu keeps the upper or the lower triangle of matrices.
func opTrilu(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	rank, k := len(in[0].shape), 0
	if rank < 2 {
		return nil, corrupt(n, "shape %v", in[0].shape)
	}
	if len(in) > 1 && in[1] != nil {
		if len(in[1].ints) != 1 {
			return nil, unsupported(n, "diagonal that is not constant")
		}
		k = int(max(-1<<31, min(1<<31, in[1].ints[0])))
	}
	rows, cols, upper := in[0].shape[rank-2], in[0].shape[rank-1], n.Int("upper") != 0
	kept := func(i int) bool {
		row, col := i/cols%rows, i%cols
		if upper {
			return col >= row+k
		}
		return col <= row+k
	}
	if in[0].ints != nil {
		out := c.integers(n, in[0].shape, in[0].elem)
		for i, v := range in[0].ints {
			if kept(i) {
				out.ints[i] = v
			}
		}
		return []*tensor{out}, nil
	}
	t := c.plain(in[0])
	return []*tensor{c.emit(n, []*tensor{t}, t.shape, false, func(in [][]float32, out []float32) {
		for i, v := range in[0][:len(out)] {
			if out[i] = 0; kept(i) {
				out[i] = v
			}
		}
	})}, nil
}

func opConstantOfShape(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	shape, err := knownShape(n, in[0])
	if err != nil {
		return nil, err
	}
	value := &tensor{shape: []int{1}, elem: onnx.Float, data: []float32{0}}
	if a := n.Attributes["value"]; a != nil {
		if a.Tensor.Len() != 1 {
			return nil, corrupt(n, "value of %d elements", a.Tensor.Len())
		}
		value = constant(a.Tensor)
	}
	c.spend(n, product(shape))
	out := &tensor{shape: shape, elem: value.elem}
	if value.ints != nil {
		out.ints = slices.Repeat(value.ints, product(shape))
	} else {
		out.data = slices.Repeat(value.data, product(shape))
	}
	return []*tensor{out}, nil
}

func opRange(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	for _, t := range in {
		if !t.known() || t.len() != 1 {
			return nil, unsupported(n, "range of values that are not constant numbers")
		}
	}
	if in[0].ints == nil {
		start, end, step := float64(in[0].data[0]), float64(in[1].data[0]), float64(in[2].data[0])
		count := math.Ceil((end - start) / step)
		if !(count < freeValues) {
			return nil, unsupported(n, "range from %v to %v by %v", start, end, step)
		}
		out := &tensor{shape: []int{int(max(count, 0))}, elem: in[0].elem, data: []float32{}}
		c.spend(n, out.len())
		for i := range out.len() {
			out.data = append(out.data, float32(start+float64(i)*step))
		}
		return []*tensor{out}, nil
	}
	start, end, step := in[0].ints[0], in[1].ints[0], in[2].ints[0]
	count := math.Ceil((float64(end) - float64(start)) / float64(step))
	if step == 0 || count >= freeValues {
		return nil, unsupported(n, "range from %d to %d by %d", start, end, step)
	}
	out := c.integers(n, []int{int(max(count, 0))}, in[0].elem)
	for i := range out.ints {
		out.ints[i] = start + int64(i)*step
	}
	return []*tensor{out}, nil
}

// opEyeLike is ones on a diagonal of a matrix of another's shape.
func opEyeLike(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if len(in[0].shape) != 2 {
		return nil, corrupt(n, "shape %v", in[0].shape)
	}
	elem := in[0].elem
	if n.Has("dtype") {
		elem = onnx.Type(n.Int("dtype"))
	}
	t := c.integers(n, in[0].shape, onnx.Int64)
	for i := range t.ints {
		if i%t.shape[1] == i/t.shape[1]+n.Int("k") {
			t.ints[i] = 1
		}
	}
	t, err := c.cast(n, t, elem)
	return []*tensor{t}, err
}
