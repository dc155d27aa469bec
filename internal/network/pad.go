package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// opPad pads dimensions with a constant or with what is there, or cuts them.
func opPad(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, rank := in[0], len(in[0].shape)
	given, err := list(n, "pads", in, 1)
	if err != nil {
		return nil, err
	}
	which, err := axes(n, in, 3, rank)
	if err != nil {
		return nil, err
	}
	if which == nil {
		for i := range rank {
			which = append(which, i)
		}
	}
	if len(given) != 2*len(which) {
		return nil, corrupt(n, "pads %v for %d dimensions", given, len(which))
	}
	before, after := make([]int, rank), make([]int, rank)
	for i, a := range which {
		before[a], after[a] = given[i], given[len(which)+i]
	}
	for i, d := range t.shape {
		if before[i] < -d || after[i] < -d || before[i] > maxSide || after[i] > maxSide || d+before[i]+after[i] < 1 {
			return nil, unsupported(n, "pads %v of shape %v", given, t.shape)
		}
	}
	if mode := n.Text("mode"); mode != "constant" {
		return c.padFrom(n, t, mode, before, after)
	}
	t = c.crop(n, t, before, after)
	if !slices.ContainsFunc(before, positive) && !slices.ContainsFunc(after, positive) {
		return []*tensor{t}, nil
	}
	shape := slices.Clone(t.shape)
	for i := range shape {
		shape[i] += max(before[i], 0) + max(after[i], 0)
	}
	if product(shape) > maxValues {
		return nil, unsupported(n, "result of shape %v", shape)
	}
	from, to, offset := t.strides(), (&tensor{shape: shape, last: t.last}).strides(), 0
	for i := range shape {
		offset += max(before[i], 0) * to[i]
	}
	var fill *tensor
	if len(in) > 2 && in[2] != nil {
		if fill = in[2]; fill.len() != 1 || !fill.known() {
			return nil, unsupported(n, "padding value that is not one constant")
		}
	}
	if t.ints != nil {
		out := c.integers(n, shape, t.elem)
		if fill != nil {
			for i := range out.ints {
				out.ints[i] = fill.ints[0]
			}
		}
		o := newOdometer(t.shape, to, from, 0)
		for range t.ints {
			out.ints[offset+o.a] = t.ints[o.b]
			o.next()
		}
		return []*tensor{out}, nil
	}
	value := float32(0)
	if fill != nil {
		value = toFloats(fill).data[0]
	} else if c.model.Opset < 11 {
		value = n.Float("value")
	}
	move := newMover(t.shape, to, from)
	return []*tensor{c.emit(n, []*tensor{t}, shape, t.last, func(in [][]float32, out []float32) {
		for i := range out {
			out[i] = value
		}
		move.run(out, offset, in[0], 0, simd.Whole)
	})}, nil
}

func positive(v int) bool { return v > 0 }

// crop cuts off what negative padding takes away.
func (c *compiler) crop(n *node, t *tensor, before, after []int) *tensor {
	shape, offset, from := slices.Clone(t.shape), 0, t.strides()
	for i := range shape {
		offset += max(-before[i], 0) * from[i]
		shape[i] += min(before[i], 0) + min(after[i], 0)
	}
	if slices.Equal(shape, t.shape) {
		return t
	}
	return c.pick(n, t, shape, offset, from, t.last)
}

// padFrom pads with the values that are there: reflected about the border, that of
// the border, or from the other side.
func (c *compiler) padFrom(n *node, t *tensor, mode string, before, after []int) ([]*tensor, error) {
	for dim, size := range t.shape {
		if before[dim] == 0 && after[dim] == 0 {
			continue
		}
		var place func(i int) int
		switch mode {
		case "reflect":
			place = func(i int) int {
				if size == 1 {
					return 0
				}
				period := 2 * (size - 1)
				i = (i%period + period) % period
				return min(i, period-i)
			}
		case "edge":
			place = func(i int) int { return min(max(i, 0), size-1) }
		case "wrap":
			place = func(i int) int { return (i%size + size) % size }
		default:
			return nil, unsupported(n, "mode %q", mode)
		}
		if mode == "reflect" && (before[dim] >= size || after[dim] >= size) {
			return nil, unsupported(n, "reflection of %d and %d beyond %d values", before[dim], after[dim], size)
		}
		places := make([]int, size+before[dim]+after[dim])
		c.spend(n, len(places))
		for i := range places {
			places[i] = place(i - before[dim])
		}
		t = c.take(n, t, dim, places)
	}
	return []*tensor{t}, nil
}
