package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// Operators that serve shapes, masks and tables of positions: all their inputs
// must be known when the model is compiled.

func opNot(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 1 || in[0] == nil || in[0].ints == nil {
		return nil, unsupported(n, "values that are not known")
	}
	out := &tensor{shape: in[0].shape, ints: make([]int64, len(in[0].ints))}
	for i, v := range in[0].ints {
		if v == 0 {
			out.ints[i] = 1
		}
	}
	return []*tensor{out}, nil
}

// opWhere chooses between the second and the third input.
func opWhere(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 3 || slices.Contains(in, nil) || in[0].ints == nil || !in[1].known() || !in[2].known() {
		return nil, unsupported(n, "choice between values that are not known")
	}
	yes, no := in[1], in[2]
	shape := broadcast(yes.shape, no.shape)
	if shape != nil {
		shape = broadcast(shape, in[0].shape)
	}
	if shape == nil || product(shape) > maxValues {
		return nil, corrupt(n, "shapes %v, %v and %v", in[0].shape, yes.shape, no.shape)
	}
	out := &tensor{shape: shape}
	if yes.ints != nil && no.ints != nil {
		out.ints = choose(in[0], yes.ints, no.ints, yes, no, shape)
	} else {
		yes, no = toFloats(yes), toFloats(no)
		out.data = choose(in[0], yes.data, no.data, yes, no, shape)
	}
	return []*tensor{out}, nil
}

func choose[T any](which *tensor, a, b []T, yes, no *tensor, shape []int) []T {
	out := make([]T, product(shape))
	test := newOdometer(shape, which.spread(shape), which.spread(shape), 0)
	o := newOdometer(shape, yes.spread(shape), no.spread(shape), 0)
	for i := range out {
		if out[i] = b[o.b]; which.ints[test.a] != 0 {
			out[i] = a[o.a]
		}
		o.next()
		test.next()
	}
	return out
}

// opScatterND writes updates over parts of a copy of the data.
func opScatterND(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 3 || slices.Contains(in, nil) || !in[0].known() || in[1].ints == nil || !in[2].known() || n.Text("reduction") != "" && n.Text("reduction") != "none" {
		return nil, unsupported(n, "values that are not known")
	}
	data, index, updates := in[0], in[1], in[2]
	rank := len(index.shape)
	if rank == 0 || index.shape[rank-1] < 1 || index.shape[rank-1] > len(data.shape) {
		return nil, corrupt(n, "indices of shape %v into %v", index.shape, data.shape)
	}
	depth := index.shape[rank-1]
	size, strides := product(data.shape[depth:]), data.strides()
	if updates.len() != len(index.ints)/depth*size {
		return nil, corrupt(n, "updates of shape %v for indices of shape %v into %v", updates.shape, index.shape, data.shape)
	}
	var places []int
	for i := 0; i < len(index.ints); i += depth {
		at := 0
		for k, v := range index.ints[i:][:depth] {
			if v < 0 {
				v += int64(data.shape[k])
			}
			if v < 0 || v >= int64(data.shape[k]) {
				return nil, corrupt(n, "index %d of %d", v, data.shape[k])
			}
			at += int(v) * strides[k]
		}
		places = append(places, at)
	}
	out := &tensor{shape: data.shape}
	if data.ints != nil && updates.ints != nil {
		out.ints = scatter(data.ints, updates.ints, places, size)
	} else {
		out.data = scatter(toFloats(data).data, toFloats(updates).data, places, size)
	}
	return []*tensor{out}, nil
}

func scatter[T any](data, updates []T, places []int, size int) []T {
	data = slices.Clone(data)
	for i, at := range places {
		copy(data[at:][:size], updates[i*size:])
	}
	return data
}

func opConstantOfShape(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	shape, err := knownShape(n, in[0])
	if err != nil {
		return nil, err
	}
	value := &tensor{shape: []int{1}, data: []float32{0}}
	if t := n.Tensor("value"); t != nil {
		value = constant(t)
	}
	out := &tensor{shape: shape}
	if value.ints != nil {
		out.ints = slices.Repeat(value.ints[:1], product(shape))
	} else {
		out.data = slices.Repeat(value.data[:1], product(shape))
	}
	return []*tensor{out}, nil
}

func opRange(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 3 || slices.ContainsFunc(in, func(t *tensor) bool { return t == nil || len(t.ints) != 1 }) || in[2].ints[0] == 0 {
		return nil, unsupported(n, "range of values that are not known integers")
	}
	start, end, step := in[0].ints[0], in[1].ints[0], in[2].ints[0]
	count := (end - start + step - sign(step)) / step
	if count < 0 || count > 1<<20 {
		return nil, unsupported(n, "range from %d to %d", start, end)
	}
	out := &tensor{shape: []int{int(count)}, ints: []int64{}}
	for i := range count {
		out.ints = append(out.ints, start+i*step)
	}
	return []*tensor{out}, nil
}

func sign(v int64) int64 {
	if v < 0 {
		return -1
	}
	return 1
}

// knownShape is the dimensions that a constant input tells.
func knownShape(n *onnx.Node, t *tensor) ([]int, error) {
	if t == nil || t.ints == nil {
		return nil, unsupported(n, "shape that is not constant")
	}
	shape, total := make([]int, len(t.ints)), 1
	for i, v := range t.ints {
		if v < 0 || v > math.MaxInt32 || v > 0 && total > maxValues/int(v) {
			return nil, corrupt(n, "shape %v", t.ints)
		}
		shape[i] = int(v)
		total *= shape[i]
	}
	return shape, nil
}
