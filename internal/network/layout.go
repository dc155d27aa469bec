package network

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// strides is how far apart neighbors of each dimension are stored.
func (t *tensor) strides() []int {
	s := make([]int, len(t.shape))
	order := make([]int, len(t.shape)) // dimensions from the fastest
	for i := range order {
		order[i] = len(t.shape) - 1 - i
	}
	if t.last && len(t.shape) == 4 {
		order = []int{1, 3, 2, 0}
	}
	step := 1
	for _, d := range order {
		s[d] = step
		step *= t.shape[d]
	}
	return s
}

// channelsLast is t stored with its channels last.
func (c *compiler) channelsLast(n fmt.Stringer, t *tensor) *tensor { return c.stored(n, t, true) }

// plain is t stored as ONNX orders it.
func (c *compiler) plain(t *tensor) *tensor {
	return c.stored(toChannelsFirst{}, t, false)
}

// toChannelsFirst is the name of a step that no node asked for.
type toChannelsFirst struct{}

func (toChannelsFirst) String() string { return "transposition to channels first" }

func (c *compiler) stored(n fmt.Stringer, t *tensor, last bool) *tensor {
	if t.last == last || len(t.shape) != 4 {
		return t
	}
	if t.shape[1] == 1 || t.shape[2]*t.shape[3] == 1 { // the same order
		moved := *t
		moved.last = last
		return &moved
	}
	target := &tensor{shape: t.shape, last: last}
	from, to := t.strides(), target.strides()
	shape := t.shape
	m := newMover(shape, to, from)
	if t.bytes {
		out := bytesLike(shape, last, t.elem)
		out.grid = t.grid
		return c.add(n, []*tensor{t}, out, nil, 0, perMove*t.len(), func(in [][]float32, out, _ []float32, part simd.Part) {
			move(m, simd.Bytes(out), 0, simd.Bytes(in[0]), 0, part)
		})
	}
	out := c.share(n, []*tensor{t}, shape, last, 0, perMove*t.len(), func(in [][]float32, out, _ []float32, part simd.Part) {
		m.run(out, 0, in[0], 0, part)
	})
	return out.as(t.elem)
}

// broadcast is the shape of a result of two operands (ONNX's multidirectional
// broadcasting), or nil if they do not fit.
func broadcast(a, b []int) []int {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		x, y := 1, 1
		if k := i - (len(out) - len(a)); k >= 0 {
			x = a[k]
		}
		if k := i - (len(out) - len(b)); k >= 0 {
			y = b[k]
		}
		switch {
		case x == y || y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		default:
			return nil
		}
	}
	return out
}

// spread is the strides of t as an operand of a result of the given shape: 0
// where it is repeated.
func (t *tensor) spread(shape []int) []int {
	own := t.strides()
	out := make([]int, len(shape))
	for i := range own {
		k := len(shape) - len(own) + i
		if t.shape[i] == shape[k] && t.shape[i] != 1 {
			out[k] = own[i]
		}
	}
	return out
}

// reorder is values of dimensions in storage order, slowest first.
func reorder(v []int, last bool) []int {
	if last && len(v) == 4 {
		return []int{v[0], v[2], v[3], v[1]}
	}
	return v
}

func sameShape(a, b *tensor) bool { return slices.Equal(a.shape, b.shape) }
