package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// pick is a tensor whose element at an index is the one of t at offset + index x
// from, in t's storage. It is stored as last says.
func (c *compiler) pick(n *node, t *tensor, shape []int, offset int, from []int, last bool) *tensor {
	if t.ints != nil {
		out := c.integers(n, shape, t.elem)
		o := newOdometer(shape, from, out.strides(), 0)
		for range out.ints {
			out.ints[o.b] = t.ints[offset+o.a]
			o.next()
		}
		return out
	}
	move := newMover(shape, (&tensor{shape: shape, last: last}).strides(), from)
	o := picked(t, shape, offset, from)
	out := c.share(n, []*tensor{t}, shape, last, 0, perMove*product(shape), func(in [][]float32, out, _ []float32, part simd.Part) {
		move.run(out, 0, in[0], offset, part)
	}).as(t.elem)
	out.origin = o
	return out
}

// take is t with the elements at the given places of a dimension.
func (c *compiler) take(n *node, t *tensor, dim int, places []int) *tensor {
	shape := slices.Clone(t.shape)
	shape[dim] = len(places)
	dims, place := reorder(t.shape, t.last), dim
	if t.last && len(shape) == 4 {
		place = [4]int{0, 3, 1, 2}[dim]
	}
	size, inner := dims[place], product(dims[place+1:])
	if t.ints != nil {
		out := c.integers(n, shape, t.elem)
		taken(out.ints, t.ints, places, size, inner)
		return out
	}
	out := c.emit(n, []*tensor{t}, shape, t.last, func(in [][]float32, out []float32) { taken(out, in[0], places, size, inner) }).as(t.elem)
	if len(places) == 1 {
		out.origin = takenFrom(t, dim, places[0])
	}
	return out
}

func taken[T any](out, src []T, places []int, size, inner int) {
	for ; len(out) > 0; src = src[size*inner:] {
		for _, k := range places {
			copy(out[:inner], src[k*inner:])
			out = out[inner:]
		}
	}
}

// opSplit parts a tensor along an axis.
func opSplit(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	a, err := axis(n, n.Int("axis"), len(t.shape))
	if err != nil {
		return nil, err
	}
	sizes, err := list(n, "split", in, 1)
	if err != nil {
		return nil, err
	}
	if sizes == nil {
		parts := len(n.Outputs)
		if n.Has("num_outputs") && n.Int("num_outputs") != parts {
			return nil, corrupt(n, "num_outputs %d of %d outputs", n.Int("num_outputs"), parts)
		}
		each := (t.shape[a] + parts - 1) / parts
		for i := range parts {
			sizes = append(sizes, min(each, t.shape[a]-i*each))
		}
	}
	total := 0
	for _, size := range sizes {
		if total += size; size < 1 || total > t.shape[a] {
			return nil, corrupt(n, "parts %v of %v", sizes, t.shape)
		}
	}
	if total != t.shape[a] || len(sizes) != len(n.Outputs) {
		return nil, corrupt(n, "parts %v of %v in %d outputs", sizes, t.shape, len(n.Outputs))
	}
	var out []*tensor
	at, from := 0, t.strides()
	for i, size := range sizes {
		shape := slices.Clone(t.shape)
		shape[a] = size
		if n.Outputs[i] == "" || len(c.users[n.Outputs[i]]) == 0 && !c.outputs[n.Outputs[i]] { // nobody asks for it
			out = append(out, &tensor{shape: shape, elem: t.elem, data: []float32{}})
		} else {
			out = append(out, c.pick(n, t, shape, at*from[a], from, t.last))
		}
		at += size
	}
	return out, nil
}

func opExpand(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	want, err := knownShape(n, in[1])
	if err != nil {
		return nil, err
	}
	shape := broadcast(in[0].shape, want)
	if shape == nil {
		return nil, corrupt(n, "shapes %v and %v", in[0].shape, want)
	}
	if slices.Equal(shape, in[0].shape) {
		return in[:1], nil
	}
	if product(shape) == 0 || product(shape) > maxValues {
		return nil, unsupported(n, "shapes %v and %v", in[0].shape, want)
	}
	t := c.plain(in[0])
	return []*tensor{c.pick(n, t, shape, 0, t.spread(shape), false)}, nil
}

// opTile repeats a tensor along its dimensions.
func opTile(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	if in[1].ints == nil || len(in[1].ints) != len(t.shape) {
		return nil, unsupported(n, "repeats that are not one constant for each dimension")
	}
	shape := slices.Clone(t.shape)
	for i, r := range in[1].ints {
		if r < 1 || r > math.MaxInt32 {
			return nil, unsupported(n, "repeats %v", in[1].ints)
		}
		shape[i] *= int(r)
	}
	if product(shape) > maxValues {
		return nil, unsupported(n, "%v repeated %v times", t.shape, in[1].ints)
	}
	for dim, r := range in[1].ints {
		if r > 1 {
			size := t.shape[dim]
			places := make([]int, size*int(r))
			c.spend(n, len(places))
			for i := range places {
				places[i] = i % size
			}
			t = c.take(n, t, dim, places)
		}
	}
	return []*tensor{t}, nil
}

// opSlice takes a regular part of each dimension.
func opSlice(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, rank := in[0], len(in[0].shape)
	var lists [4][]int
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = list(n, name, in, i+1); err != nil {
			return nil, err
		}
	}
	starts, ends, which, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || which != nil && len(which) != len(starts) || steps != nil && len(steps) != len(starts) || len(starts) > rank {
		return nil, corrupt(n, "starts, ends, axes and steps of different length")
	}
	shape, from, offset := slices.Clone(t.shape), t.strides(), 0
	seen := make([]bool, rank)
	for i := range starts {
		a, step := i, 1
		if which != nil {
			var err error
			if a, err = axis(n, which[i], rank); err != nil {
				return nil, err
			}
		}
		if seen[a] {
			return nil, corrupt(n, "axes %v", which)
		}
		seen[a] = true
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
	if product(shape) == 0 { // for a Concat to leave out
		return []*tensor{nothing(shape, t.elem)}, nil
	}
	return []*tensor{c.pick(n, t, shape, offset, from, t.last)}, nil
}

// nothing is a tensor without elements.
func nothing(shape []int, elem onnx.Type) *tensor {
	t := &tensor{shape: shape, elem: elem}
	if elem.Floating() {
		t.data = []float32{}
	} else {
		t.ints = []int64{}
	}
	return t
}

// opGather takes elements of a dimension by their places.
func opGather(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	a, err := axis(n, n.Int("axis"), len(t.shape))
	if err != nil {
		return nil, err
	}
	if in[1].ints == nil {
		return c.lookUp(n, t, in[1], a)
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
	if product(shape) > maxValues {
		return nil, unsupported(n, "result of shape %v", shape)
	}
	if len(index) == 0 {
		return []*tensor{nothing(shape, t.elem)}, nil
	}
	t = c.take(n, t, a, index)
	if len(in[1].shape) != 1 {
		t = c.view(t, shape)
	}
	return []*tensor{t}, nil
}

// lookUp is opGather with places that only the run knows, as of the words of a
// text. What lies beyond the dimension is NaN.
func (c *compiler) lookUp(n *node, t, index *tensor, a int) ([]*tensor, error) {
	t, err := exact(n, c.plain(t))
	if err != nil {
		return nil, err
	}
	size, inner := t.shape[a], product(t.shape[a+1:])
	shape := slices.Concat(t.shape[:a], index.shape, t.shape[a+1:])
	if product(shape) > maxValues {
		return nil, unsupported(n, "result of shape %v", shape)
	}
	return []*tensor{c.emit(n, []*tensor{t, c.plain(index)}, shape, false, func(in [][]float32, out []float32) {
		for src := in[0]; len(out) > 0; src = src[size*inner:] {
			for _, v := range in[1] {
				takeRow(out[:inner], src, v, size)
				out = out[inner:]
			}
		}
	})}, nil
}

// takeRow copies row v of so many, counted from the last if negative.
func takeRow(dst, src []float32, v float32, rows int) {
	if v < 0 {
		v += float32(rows)
	}
	if !(v >= 0 && v < float32(rows)) {
		for i := range dst {
			dst[i] = float32(math.NaN())
		}
		return
	}
	copy(dst, src[int(v)*len(dst):])
}

// opConcat joins tensors along an axis.
func opConcat(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	elem, rank := in[0].elem, len(in[0].shape)
	at, err := axis(n, n.Int("axis"), rank)
	if err != nil {
		return nil, err
	}
	shape, last, ints := slices.Clone(in[0].shape), rank == 4, true
	shape[at] = 0
	var parts []*tensor
	for i, t := range in {
		if t == nil || len(t.shape) != rank {
			return nil, corrupt(n, "input %d, want %d dimensions", i+1, rank)
		}
		for k, d := range t.shape {
			if k == at {
				shape[k] += d
			} else if d != shape[k] {
				return nil, corrupt(n, "shapes %v and %v along axis %d", in[0].shape, t.shape, at)
			}
		}
		if t.len() == 0 {
			continue
		}
		parts = append(parts, t)
		ints = ints && t.ints != nil
		last = last && t.last
	}
	if len(parts) == 0 {
		return []*tensor{nothing(shape, elem)}, nil
	}
	if rank == 4 && !last { // channels stay last if any feature map has them there
		last = slices.ContainsFunc(parts, func(t *tensor) bool { return t.at != nil && t.last && product(t.shape[1:]) > 1 })
	}
	inner, widths, row := 1, make([]int, len(parts)), 0
	for i, d := range shape {
		place := i
		where := at
		if last {
			order := [4]int{0, 3, 1, 2}
			place, where = order[i], order[at]
		}
		if place > where {
			inner *= d
		}
	}
	for i, t := range parts {
		widths[i] = t.shape[at] * inner
		row += widths[i]
	}
	if ints {
		known := make([][]int64, len(parts))
		for i, t := range parts {
			known[i] = t.ints
		}
		out := c.integers(n, shape, elem)
		sideBySide(out.ints, known, widths, row, simd.Whole)
		return []*tensor{out}, nil
	}
	for i, t := range parts {
		if t, err = exact(n, t); err != nil {
			return nil, err
		}
		parts[i] = c.stored(n, t, last)
	}
	work := perMove * product(shape)
	if row == product(shape) { // which is not shared
		work = 0
	}
	return []*tensor{c.share(n, parts, shape, last, 0, work, func(in [][]float32, out, _ []float32, part simd.Part) {
		sideBySide(out, in, widths, row, part)
	})}, nil
}

// sideBySide joins rows of the given widths to rows of all of them, a share of them.
func sideBySide[T any](out []T, in [][]T, widths []int, row int, part simd.Part) {
	first, end := part.Span(len(out)/max(row, 1), 1)
	at := 0
	for i, src := range in {
		w := widths[i]
		for r := first; r < end; r++ {
			copy(out[r*row+at:][:w], src[r*w:])
		}
		at += w
	}
}
