package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// Around attention, exporters turn and part and scale matrices that a product could
// read where they lie. Each tensor that is only a part of another, in another order
// or scaled, remembers its origin; what can take it from there does so, and steps
// whose results nobody reads are dropped in the end.

// An origin is where the values of a tensor of the run were taken from: element i is
// scale times what lies at offset + i x steps in the memory of base.
type origin struct {
	base    *tensor
	written int // step that had written base by then
	offset  int
	steps   []int // of each dimension
	scale   float32
}

// holds reports whether base is as it was.
func (o *origin) holds() bool {
	return o != nil && (o.base.known() || o.base.at.step == o.written)
}

// originOf is where a tensor can be read, which may be where it lies.
func originOf(t *tensor) *origin {
	if t.origin.holds() {
		return t.origin
	}
	return itself(t)
}

// itself is the origin of a tensor that is read where it lies.
func itself(t *tensor) *origin {
	o := &origin{base: t, steps: t.strides(), scale: 1}
	if !t.known() {
		o.written = t.at.step
	}
	return o
}

// movable reports whether t is floats of the run.
func (t *tensor) movable() bool {
	return t.at != nil && !t.bytes && (t.elem == onnx.Float || t.elem == onnx.Float16 || t.elem == onnx.BFloat16)
}

// picked is the origin of what pick takes from t, or nil where its steps are not along
// dimensions of t.
func picked(t *tensor, shape []int, offset int, from []int) *origin {
	if !t.movable() || t.len() == 0 {
		return nil
	}
	o := originOf(t)
	own := t.strides()
	order := make([]int, len(own)) // dimensions, the slowest first
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return own[b] - own[a] })
	out := &origin{base: o.base, written: o.written, offset: o.offset, scale: o.scale}
	last := make([]int, len(own)) // index reached in each dimension
	for _, d := range order {
		if t.shape[d] > 1 {
			last[d] = offset / own[d]
			offset %= own[d]
			out.offset += last[d] * o.steps[d]
		}
	}
	for i, step := range from {
		at := 0
		if step != 0 && shape[i] > 1 {
			d := slices.IndexFunc(order, func(d int) bool { return t.shape[d] > 1 && own[d] <= step })
			if d < 0 {
				return nil
			}
			d = order[d]
			q := step / own[d]
			if step%own[d] != 0 {
				return nil
			}
			if last[d] += (shape[i] - 1) * q; last[d] >= t.shape[d] {
				return nil
			}
			at = q * o.steps[d]
		}
		out.steps = append(out.steps, at)
	}
	return out
}

// takenFrom is the origin of one place of a dimension of t.
func takenFrom(t *tensor, dim, place int) *origin {
	if !t.movable() {
		return nil
	}
	o := *originOf(t)
	o.offset += place * o.steps[dim]
	return &o
}

// reshaped is the origin of t in another shape, or nil where that has no steps.
func reshaped(t *tensor, shape []int) *origin {
	if !t.origin.holds() || t.len() == 0 {
		return nil // it lies as it is, or nowhere
	}
	o := *t.origin
	var sizes, steps []int // of dimensions of more than one, joined where that can be
	for i, n := range t.shape {
		if n == 1 {
			continue
		}
		if k := len(sizes) - 1; k >= 0 && steps[k] == n*o.steps[i] {
			sizes[k], steps[k] = sizes[k]*n, o.steps[i]
			continue
		}
		sizes, steps = append(sizes, n), append(steps, o.steps[i])
	}
	o.steps = make([]int, len(shape))
	k, left, step := len(sizes)-1, 1, 0 // of the dimension being parted, what is left
	if k >= 0 {
		left, step = sizes[k], steps[k]
	}
	for i := len(shape) - 1; i >= 0; i-- {
		n := shape[i]
		if n == 1 {
			continue
		}
		if left == 1 && k > 0 {
			k--
			left, step = sizes[k], steps[k]
		}
		if left%n != 0 {
			return nil
		}
		o.steps[i] = step
		step *= n
		left /= n
	}
	return &o
}

// scaled is the origin of t times a number.
func scaled(t *tensor, by float32) *origin {
	if !t.movable() {
		return nil
	}
	o := *originOf(t)
	o.scale *= by
	return &o
}

// scaling is the origin of a result, and the scores that it is, if op only scales.
func (op binary) scaling(a, b *tensor, shape []int, f simd.Activation) (*origin, *scores) {
	if a.known() && op.fast != nil && *op.fast == simd.Mul {
		a, b = b, a
	}
	if f != simd.None || op.fast == nil || a.known() || len(b.data) != 1 || !slices.Equal(a.shape, shape) {
		return nil, nil
	}
	by := b.data[0]
	switch *op.fast {
	case simd.Mul:
	case simd.Div:
		by = 1 / by
	default:
		return nil, nil
	}
	if f := float64(by); by == 0 || math.IsInf(f, 0) || math.IsNaN(f) { // not what it does to a product
		return nil, nil
	}
	if a.scores == nil || a.scores.softmax { // behind softmax it is another thing
		return scaled(a, by), nil
	}
	s := *a.scores
	s.scale *= by
	return scaled(a, by), &s
}

// across is the steps of leading dimensions that o is repeated along, and of its rows
// and columns.
func (o *origin) across(shape, lead []int) (steps []int, row, column int) {
	rank := len(shape)
	steps = make([]int, len(lead))
	for i := range rank - 2 {
		if shape[i] > 1 {
			steps[len(lead)-(rank-2)+i] = o.steps[i]
		}
	}
	return steps, o.steps[rank-2], o.steps[rank-1]
}

// scores are products of rows and columns, scaled, perhaps through softmax.
type scores struct {
	q, k       *origin
	lead       []int // leading dimensions
	qs, ks     []int // steps along them
	qRow       int   // step of rows of q, whose columns lie side by side
	kRow, kCol int
	m, size, n int // q is m x size, k is size x n
	scale      float32
	softmax    bool
}

// scoresOf is the product of a with b. Rows of a lie side by side where they are read.
func scoresOf(a, b *tensor, lead []int) *scores {
	ra, rb := len(a.shape), len(b.shape)
	s := &scores{q: originOf(a), k: originOf(b), lead: lead, m: a.shape[ra-2], size: a.shape[ra-1], n: b.shape[rb-1]}
	if s.q.steps[ra-1] != 1 {
		s.q = itself(a)
	}
	s.qs, s.qRow, _ = s.q.across(a.shape, lead)
	s.ks, s.kRow, s.kCol = s.k.across(b.shape, lead)
	s.scale = s.q.scale * s.k.scale
	return s
}

// holds reports whether what scores are made of is as it was.
func (s *scores) holds() bool { return s != nil && s.q.holds() && s.k.holds() }

// throughSoftmax is the scores behind softmax, or nil where there are none.
func (s *scores) throughSoftmax() *scores {
	if s == nil || s.softmax {
		return nil
	}
	other := *s
	other.softmax = true
	return &other
}

// An attention is scores through softmax times values.
type attention struct {
	*scores
	v          *origin
	vs         []int
	vRow, vCol int
	width      int // columns of v
}

// holds reports whether what an attention is made of is as it was.
func (t *attention) holds() bool { return t != nil && t.scores.holds() && t.v.holds() }

// attentionOf is the product of scores that went through softmax with values, or nil.
func attentionOf(a, b *tensor, lead []int) *attention {
	s := a.scores
	if !s.holds() || !s.softmax || !slices.Equal(lead, s.lead) {
		return nil
	}
	t := &attention{scores: s, v: originOf(b), width: b.shape[len(b.shape)-1]}
	t.vs, t.vRow, t.vCol = t.v.across(b.shape, lead)
	return t
}

// attend emits an attention of a shape, head by head.
func (c *compiler) attend(n *node, t *attention, shape []int) *tensor {
	own := (&tensor{shape: shape}).strides()
	out := c.attendTo(n, t, shape, own)
	out.attention = t
	return out
}

// attendTurned emits an attention whose dimensions but the last are in another order.
func (c *compiler) attendTurned(n *node, t *attention, shape, perm []int) *tensor {
	own := (&tensor{shape: shape}).strides()
	steps := make([]int, len(perm))
	for i, p := range perm {
		steps[p] = own[i]
	}
	return c.attendTo(n, t, shape, steps)
}

// attendTo emits an attention that is stored by the given steps along the leading
// dimensions and the rows.
func (c *compiler) attendTo(n *node, t *attention, shape, steps []int) *tensor {
	batch, blocks := product(t.lead), (t.m+simd.AttentionRows-1)/simd.AttentionRows
	outs, row := steps[:len(t.lead)], steps[len(t.lead)]
	f := simd.Attention{Size: t.size, Keys: t.n, Width: t.width, Scale: t.scale, KeyRow: t.kRow, KeyColumn: t.kCol, ValueRow: t.vRow, ValueColumn: t.vCol, ValueScale: t.v.scale, Precision: c.precision}
	in := []*tensor{t.q.base, t.k.base, t.v.base}
	work := batch * t.m * t.n * (t.size + t.width)
	return c.share(n, in, shape, false, f.Scratch(), work, func(in [][]float32, out, scratch []float32, part simd.Part) {
		first, end := part.Span(batch*blocks, 1)
		packed := -1
		var qk, vo odometer // where the head's parts begin
		for i := first; i < end; i++ {
			head, block := i/blocks, i%blocks
			if head != packed {
				qk, vo = newOdometer(t.lead, t.qs, t.ks, head), newOdometer(t.lead, t.vs, outs, head)
				f.Pack(in[1][t.k.offset+qk.b:], in[2][t.v.offset+vo.a:], scratch)
				packed = head
			}
			rows := simd.Part{Index: block, Of: blocks}
			first, end := rows.Span(t.m, 1)
			f.Run(out[vo.b+first*row:], row, in[0][t.q.offset+qk.a+first*t.qRow:], t.qRow, end-first, scratch)
		}
	})
}
