package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// view is t with another shape, of the same elements in ONNX's order.
func (c *compiler) view(t *tensor, shape []int) *tensor {
	t = c.plain(t)
	return &tensor{shape: shape, ints: t.ints, data: t.data, at: t.at}
}

func axis(n *onnx.Node, a, rank int) (int, error) {
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= max(rank, 1) {
		return 0, corrupt(n, "axis %d of %d", a, rank)
	}
	return a, nil
}

// axes reads axes from an attribute (up to opset 12) or the input at i.
func axes(n *onnx.Node, in []*tensor, i, rank int) ([]int, error) {
	list := n.Ints("axes")
	if list == nil && len(in) > i && in[i] != nil {
		if in[i].ints == nil {
			return nil, unsupported(n, "axes that are not constant")
		}
		for _, v := range in[i].ints {
			list = append(list, int(v))
		}
	}
	out := slices.Clone(list)
	for k := range out {
		var err error
		if out[k], err = axis(n, out[k], rank); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func opIdentity(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	return []*tensor{in[0]}, nil
}

func opConstant(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t, err := n.Constant()
	if err != nil {
		return nil, unsupported(n, "%v", err)
	}
	return []*tensor{constant(t)}, nil
}

func opCast(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	switch to := n.Int("to", onnx.Float); {
	case to == onnx.Float || to == onnx.Float16 || to == onnx.Double || to == onnx.BFloat16:
		return []*tensor{toFloats(t)}, nil
	case t.ints != nil:
		return []*tensor{t}, nil
	case t.data != nil:
		out := &tensor{shape: t.shape, ints: make([]int64, len(t.data))}
		for i, v := range t.data {
			out.ints[i] = int64(v)
		}
		return []*tensor{out}, nil
	}
	return nil, unsupported(n, "cast to integers of values that are not known")
}

func opShape(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	out := &tensor{shape: []int{len(in[0].shape)}, ints: []int64{}}
	for _, d := range in[0].shape {
		out.ints = append(out.ints, int64(d))
	}
	return []*tensor{out}, nil
}

func opReshape(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 2 || in[1] == nil || in[1].ints == nil {
		return nil, unsupported(n, "shape that is not constant")
	}
	shape, open := make([]int, len(in[1].ints)), -1
	known := 1
	for i, v := range in[1].ints {
		switch {
		case v == 0 && n.Int("allowzero", 0) == 0:
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
		// Exports with a fixed batch above one are run for one film.
		return nil, corrupt(n, "%v elements reshaped to %v", in[0].shape, shape)
	}
	return []*tensor{c.view(in[0], shape)}, nil
}

func opFlatten(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	a := n.Int("axis", 1)
	if a < 0 {
		a += len(in[0].shape)
	}
	if a < 0 || a > len(in[0].shape) {
		return nil, corrupt(n, "axis %d", a)
	}
	return []*tensor{c.view(in[0], []int{product(in[0].shape[:a]), product(in[0].shape[a:])})}, nil
}

func opSqueeze(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	list, err := axes(n, in, 1, len(in[0].shape))
	if err != nil {
		return nil, err
	}
	var shape []int
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

func opUnsqueeze(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	count := len(n.Ints("axes"))
	if count == 0 && len(in) > 1 && in[1] != nil {
		count = len(in[1].ints)
	}
	list, err := axes(n, in, 1, len(in[0].shape)+count)
	if err != nil {
		return nil, err
	}
	rest := in[0].shape
	shape := make([]int, len(rest)+count)
	for i := range shape {
		switch {
		case slices.Contains(list, i):
			shape[i] = 1
		case len(rest) == 0:
			return nil, corrupt(n, "axes %v", list)
		default:
			shape[i], rest = rest[0], rest[1:]
		}
	}
	return []*tensor{c.view(in[0], shape)}, nil
}

func opTranspose(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t, rank := in[0], len(in[0].shape)
	perm := n.Ints("perm")
	if perm == nil {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	shape, seen := make([]int, rank), make([]bool, rank)
	if len(perm) != rank {
		return nil, corrupt(n, "permutation %v of %v", perm, t.shape)
	}
	for i, p := range perm {
		if p < 0 || p >= rank || seen[p] {
			return nil, corrupt(n, "permutation %v", perm)
		}
		shape[i], seen[p] = t.shape[p], true
	}
	if t.ints != nil {
		from, own := make([]int, rank), t.strides()
		for i, p := range perm {
			from[i] = own[p]
		}
		return []*tensor{rearranged(t, shape, 0, from)}, nil
	}
	switch { // what is only another way to look at the same memory
	case t.last && slices.Equal(perm, []int{0, 2, 3, 1}):
		return []*tensor{{shape: shape, data: t.data, at: t.at}}, nil
	case !t.last && t.at != nil && slices.Equal(perm, []int{0, 3, 1, 2}):
		return []*tensor{{shape: shape, at: t.at, last: true}}, nil
	}
	out := &tensor{shape: shape}
	from, own := make([]int, rank), t.strides()
	for i, p := range perm {
		from[i] = own[p]
	}
	to := out.strides()
	move := newMover(shape, to, from)
	return []*tensor{c.emit(n, in[:1], shape, false, func(in [][]float32, out []float32) { move.run(out, 0, in[0], 0) })}, nil
}

func opConcat(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) == 0 || slices.Contains(in, nil) {
		return nil, corrupt(n, "no inputs")
	}
	in = slices.DeleteFunc(slices.Clone(in), func(t *tensor) bool { return len(t.shape) > 0 && t.ints == nil && t.len() == 0 })
	if len(in) == 0 {
		return nil, corrupt(n, "nothing to join")
	}
	rank := len(in[0].shape)
	at, err := axis(n, n.Int("axis", 0), rank)
	if err != nil {
		return nil, err
	}
	shape, last := slices.Clone(in[0].shape), rank == 4
	shape[at] = 0
	ints := true
	for _, t := range in {
		if len(t.shape) != rank {
			return nil, corrupt(n, "inputs of %d and %d dimensions", rank, len(t.shape))
		}
		for i, d := range t.shape {
			if i != at && d != shape[i] {
				return nil, corrupt(n, "inputs of shapes %v and %v", in[0].shape, t.shape)
			}
		}
		shape[at] += t.shape[at]
		ints = ints && t.ints != nil
		last = last && t.at != nil && t.last
	}
	parts := make([]*tensor, len(in))
	widths := make([]int, len(in)) // values of each part in a row
	inner := 1
	for i, d := range reorder(shape, last) {
		place := at
		if last {
			place = map[int]int{0: 0, 1: 3, 2: 1, 3: 2}[at]
		}
		if i > place {
			inner *= d
		}
	}
	row := 0
	for i, t := range in {
		widths[i] = t.shape[at] * inner
		row += widths[i]
		if !ints {
			parts[i] = c.stored(n, toFloats(t), last)
		}
	}
	if ints {
		known := make([][]int64, len(in))
		for i, t := range in {
			known[i] = t.ints
		}
		out := &tensor{shape: shape, ints: make([]int64, product(shape))}
		sideBySide(out.ints, known, widths, row)
		return []*tensor{out}, nil
	}
	return []*tensor{c.emit(n, parts, shape, last, func(in [][]float32, out []float32) { sideBySide(out, in, widths, row) })}, nil
}

// sideBySide joins rows of the given widths to rows of all of them.
func sideBySide[T any](out []T, in [][]T, widths []int, row int) {
	at := 0
	for i, src := range in {
		w := widths[i]
		for r := 0; r*row < len(out); r++ {
			copy(out[r*row+at:][:w], src[r*w:])
		}
		at += w
	}
}

// rearranged is known integers in another order.
func rearranged(t *tensor, shape []int, offset int, from []int) *tensor {
	out := &tensor{shape: shape, ints: make([]int64, product(shape))}
	o := newOdometer(shape, from, out.strides(), 0)
	for range out.ints {
		out.ints[o.b] = t.ints[offset+o.a]
		o.next()
	}
	return out
}

// opSlice takes a regular part of each dimension.
func opSlice(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	rank := len(in[0].shape)
	list := func(name string, i int) ([]int, error) {
		if v := n.Ints(name); v != nil {
			return v, nil
		}
		if len(in) <= i || in[i] == nil {
			return nil, nil
		}
		if in[i].ints == nil {
			return nil, unsupported(n, "%s that are not constant", name)
		}
		var v []int
		for _, x := range in[i].ints {
			v = append(v, int(max(-math.MaxInt32, min(math.MaxInt32, x))))
		}
		return v, nil
	}
	var lists [4][]int
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = list(name, i+1); err != nil {
			return nil, err
		}
	}
	starts, ends, which, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || which != nil && len(which) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, corrupt(n, "starts, ends, axes and steps of different length")
	}
	t := in[0]
	shape, from, offset := slices.Clone(t.shape), t.strides(), 0
	for i := range starts {
		a, step := i, 1
		if which != nil {
			var err error
			if a, err = axis(n, which[i], rank); err != nil {
				return nil, err
			}
		}
		if a >= rank {
			return nil, corrupt(n, "axis %d of %d", a, rank)
		}
		if steps != nil {
			step = steps[i]
		}
		if step == 0 {
			return nil, corrupt(n, "step 0")
		}
		d := t.shape[a]
		bound := func(v, low, high int) int {
			if v < 0 {
				v += d
			}
			return max(low, min(high, v))
		}
		start, end := bound(starts[i], 0, d), bound(ends[i], 0, d)
		shape[a] = max(0, (end-start+step-1)/step)
		if step < 0 { // backwards, down to but without the end, which may lie before the first
			start, end = bound(starts[i], 0, d-1), bound(ends[i], -1, d-1)
			shape[a] = max(0, (start-end-step-1)/-step)
		}
		offset += start * from[a]
		from[a] *= step
	}
	if product(shape) == 0 {
		return []*tensor{{shape: shape, data: []float32{}}}, nil // for a Concat to leave out
	}
	if t.ints != nil {
		return []*tensor{rearranged(t, shape, offset, from)}, nil
	}
	last := t.last
	to := (&tensor{shape: shape, last: last}).strides()
	move := newMover(shape, to, from)
	return []*tensor{c.emit(n, in[:1], shape, last, func(in [][]float32, out []float32) { move.run(out, 0, in[0], offset) })}, nil
}

func opGather(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 2 || in[1] == nil || in[1].ints == nil {
		return nil, unsupported(n, "indices that are not constant")
	}
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis", 0), len(t.shape))
	if err != nil || len(t.shape) == 0 {
		return nil, corrupt(n, "axis %d of %v", a, t.shape)
	}
	index := make([]int, len(in[1].ints))
	for i, v := range in[1].ints {
		if v < 0 {
			v += int64(t.shape[a])
		}
		if v < 0 || v >= int64(t.shape[a]) {
			return nil, corrupt(n, "index %d of %d", v, t.shape[a])
		}
		index[i] = int(v)
	}
	shape := slices.Concat(t.shape[:a], in[1].shape, t.shape[a+1:])
	inner, size := product(t.shape[a+1:]), t.shape[a]
	if t.ints != nil {
		out := &tensor{shape: shape, ints: []int64{}}
		for o := range product(t.shape[:a]) {
			for _, k := range index {
				out.ints = append(out.ints, t.ints[(o*size+k)*inner:][:inner]...)
			}
		}
		return []*tensor{out}, nil
	}
	return []*tensor{c.emit(n, []*tensor{t}, shape, false, func(in [][]float32, out []float32) {
		for src := in[0]; len(out) > 0; src = src[size*inner:] {
			for _, k := range index {
				copy(out[:inner], src[k*inner:])
				out = out[inner:]
			}
		}
	})}, nil
}
