package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// view is t with another shape, of the same elements in ONNX's order.
func (c *compiler) view(t *tensor, shape []int) *tensor {
	t = c.plain(t)
	return &tensor{shape: shape, elem: t.elem, ints: t.ints, data: t.data, at: t.at, bytes: t.bytes, grid: t.grid, origin: reshaped(t, shape)}
}

// axis is a dimension that may be counted from the last.
func axis(n *node, a, rank int) (int, error) {
	if a < -rank || a >= rank {
		return 0, corrupt(n, "axis %d of %d dimensions", a, rank)
	}
	if a < 0 {
		a += rank
	}
	return a, nil
}

// list is a list of integers from the attribute or the input at i, whichever the
// opset has; nil if there is none.
func list(n *node, name string, in []*tensor, i int) ([]int, error) {
	if _, ok := n.row.attributes[name]; ok {
		return n.Ints(name), nil
	}
	if len(in) <= i || in[i] == nil {
		return nil, nil
	}
	if in[i].ints == nil || len(in[i].shape) > 1 {
		return nil, unsupported(n, "%s that are not a constant list", name)
	}
	out := make([]int, len(in[i].ints))
	for k, v := range in[i].ints {
		out[k] = int(max(-math.MaxInt32, min(math.MaxInt32, v)))
	}
	return out, nil
}

// axes is the list of axes, each of them once, counted from the first; nil if
// there is none.
func axes(n *node, in []*tensor, i, rank int) ([]int, error) {
	given, err := list(n, "axes", in, i)
	if err != nil || given == nil {
		return nil, err
	}
	out := make([]int, len(given))
	for k, a := range given {
		if out[k], err = axis(n, a, rank); err != nil {
			return nil, err
		}
		if slices.Contains(out[:k], out[k]) {
			return nil, corrupt(n, "axes %v", given)
		}
	}
	return out, nil
}

func opIdentity(_ *compiler, _ *node, in []*tensor) ([]*tensor, error) {
	return []*tensor{in[0]}, nil
}

// opDropout drops nothing, unless it is told to drop some.
func opDropout(_ *compiler, n *node, in []*tensor) ([]*tensor, error) {
	ratio, training := input(in, 1), input(in, 2)
	nothing := ratio != nil && len(ratio.data) == 1 && ratio.data[0] == 0
	if training != nil && !nothing && (len(training.ints) != 1 || training.ints[0] != 0) {
		return nil, unsupported(n, "training mode")
	}
	return in[:1], nil
}

func opConstant(_ *compiler, n *node, _ []*tensor) ([]*tensor, error) {
	t, err := n.Constant()
	if err != nil {
		return nil, unsupported(n, "value that is not one tensor or list of numbers")
	}
	return []*tensor{constant(t)}, nil
}

// opShape tells the dimensions from start up to end.
func opShape(_ *compiler, n *node, in []*tensor) ([]*tensor, error) {
	rank := len(in[0].shape)
	start, end := 0, rank
	if n.Has("start") {
		start = n.Int("start")
	}
	if n.Has("end") {
		end = n.Int("end")
	}
	for _, v := range []*int{&start, &end} {
		if *v < 0 {
			*v += rank
		}
		*v = max(0, min(rank, *v))
	}
	out := []int64{}
	for i := start; i < end; i++ {
		out = append(out, int64(in[0].shape[i]))
	}
	return []*tensor{integersOf(out...)}, nil
}

func opSize(_ *compiler, _ *node, in []*tensor) ([]*tensor, error) {
	return []*tensor{{elem: onnx.Int64, ints: []int64{int64(in[0].len())}}}, nil
}

func opReshape(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[1].ints == nil || len(in[1].shape) != 1 {
		return nil, unsupported(n, "shape that is not constant")
	}
	shape, open := make([]int, len(in[1].ints)), -1
	known := 1
	for i, v := range in[1].ints {
		switch {
		case v == 0 && (!n.Has("allowzero") || n.Int("allowzero") == 0):
			if i >= len(in[0].shape) {
				return nil, corrupt(n, "shape %v of %v", in[1].ints, in[0].shape)
			}
			shape[i] = in[0].shape[i]
		case v == -1 && open < 0:
			open = i
			continue
		case v < 0 || v > math.MaxInt32:
			return nil, corrupt(n, "shape %v", in[1].ints)
		default:
			shape[i] = int(v)
		}
		known *= shape[i]
		if known > maxValues {
			return nil, corrupt(n, "shape %v", in[1].ints)
		}
	}
	if open >= 0 && known > 0 {
		shape[open] = in[0].len() / known
	}
	if product(shape) != in[0].len() {
		if batch := c.model.Inputs[0].Shape[0]; batch > 1 { // run for one film, which such a shape does not allow
			return nil, unsupported(n, "%v elements reshaped to %v in a model for %d films at once; export it with an open batch, or for one", in[0].shape, shape, batch)
		}
		return nil, corrupt(n, "%v elements reshaped to %v", in[0].shape, shape)
	}
	return []*tensor{c.view(in[0], shape)}, nil
}

func opFlatten(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	a, rank := n.Int("axis"), len(in[0].shape)
	if a < 0 {
		a += rank
	}
	if a < 0 || a > rank {
		return nil, corrupt(n, "axis %d of %d dimensions", n.Int("axis"), rank)
	}
	return []*tensor{c.view(in[0], []int{product(in[0].shape[:a]), product(in[0].shape[a:])})}, nil
}

func opSqueeze(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	list, err := axes(n, in, 1, len(in[0].shape))
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for i, d := range in[0].shape {
		if slices.Contains(list, i) || list == nil && d == 1 {
			if d != 1 {
				return nil, corrupt(n, "axis %d of %v", i, in[0].shape)
			}
			continue
		}
		shape = append(shape, d)
	}
	return []*tensor{c.view(in[0], shape)}, nil
}

func opUnsqueeze(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	given, err := list(n, "axes", in, 1)
	if err != nil {
		return nil, err
	}
	rank := len(in[0].shape) + len(given)
	if rank > maxRank {
		return nil, unsupported(n, "%d dimensions", rank)
	}
	list, err := axes(n, in, 1, rank)
	if err != nil {
		return nil, err
	}
	rest, shape := in[0].shape, make([]int, rank)
	for i := range shape {
		if slices.Contains(list, i) {
			shape[i] = 1
		} else {
			shape[i], rest = rest[0], rest[1:]
		}
	}
	return []*tensor{c.view(in[0], shape)}, nil
}

func opTranspose(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, rank := in[0], len(in[0].shape)
	perm := n.Ints("perm")
	if perm == nil {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	seen := make([]bool, rank)
	if len(perm) != rank {
		return nil, corrupt(n, "permutation %v of %v", perm, t.shape)
	}
	for _, p := range perm {
		if p < 0 || p >= rank || seen[p] {
			return nil, corrupt(n, "permutation %v", perm)
		}
		seen[p] = true
	}
	return []*tensor{c.transpose(n, t, perm)}, nil
}

// transpose is t with its dimensions in another order.
func (c *compiler) transpose(n *node, t *tensor, perm []int) *tensor {
	shape, from, own := make([]int, len(perm)), make([]int, len(perm)), t.strides()
	for i, p := range perm {
		shape[i], from[i] = t.shape[p], own[p]
	}
	switch { // what is only another way to look at the same memory
	case t.at != nil && t.last && slices.Equal(perm, []int{0, 2, 3, 1}):
		return &tensor{shape: shape, elem: t.elem, at: t.at, nhwc: true}
	case t.at != nil && !t.last && slices.Equal(perm, []int{0, 3, 1, 2}):
		return &tensor{shape: shape, elem: t.elem, at: t.at, last: true}
	}
	if a := t.attention; a.holds() && perm[len(perm)-1] == len(perm)-1 {
		return c.attendTurned(n, a, shape, perm).as(t.elem)
	}
	out := c.pick(n, t, shape, 0, from, false)
	out.nhwc = slices.Equal(perm, []int{0, 2, 3, 1}) && !t.nhwc
	return out
}

// knownShape is the dimensions that a constant input tells.
func knownShape(n *node, t *tensor) ([]int, error) {
	if t.ints == nil || len(t.shape) > 1 {
		return nil, unsupported(n, "shape that is not constant")
	}
	if len(t.ints) > maxRank {
		return nil, unsupported(n, "%d dimensions", len(t.ints))
	}
	shape := make([]int, len(t.ints))
	for i, v := range t.ints {
		if v < 0 || v > math.MaxInt32 {
			return nil, corrupt(n, "shape %v", t.ints)
		}
		shape[i] = int(v)
	}
	if product(shape) > maxValues {
		return nil, corrupt(n, "shape %v", t.ints)
	}
	return shape, nil
}
