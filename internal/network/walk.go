package network

import "github.com/cxrkit/cxrkit/internal/simd"

// maxRank bounds the dimensions of a tensor.
const maxRank = 8

// An odometer counts through the elements of a shape in order, with their places
// under two sets of strides.
type odometer struct {
	shape, sa, sb []int
	index         [maxRank]int
	a, b          int
}

// newOdometer starts at the element of the given number.
func newOdometer(shape, sa, sb []int, at int) odometer {
	o := odometer{shape: shape, sa: sa, sb: sb}
	for k := len(shape) - 1; k >= 0 && at > 0; k-- {
		o.index[k] = at % shape[k]
		at /= shape[k]
		o.a, o.b = o.a+o.index[k]*sa[k], o.b+o.index[k]*sb[k]
	}
	return o
}

func (o *odometer) next() {
	for k := len(o.shape) - 1; k >= 0; k-- {
		o.index[k]++
		o.a, o.b = o.a+o.sa[k], o.b+o.sb[k]
		if o.index[k] < o.shape[k] {
			return
		}
		o.a, o.b = o.a-o.sa[k]*o.shape[k], o.b-o.sb[k]*o.shape[k]
		o.index[k] = 0
	}
}

// collapse joins dimensions that both sets of strides walk as one, and drops
// those of one element.
func collapse(dims, a, b []int) (d, sa, sb []int) {
	d, sa, sb = []int{1}, []int{0}, []int{0}
	for i := range dims {
		if dims[i] == 1 {
			continue
		}
		k := len(d) - 1
		if d[k] == 1 {
			d[k], sa[k], sb[k] = dims[i], a[i], b[i]
		} else if sa[k] == a[i]*dims[i] && sb[k] == b[i]*dims[i] {
			d[k], sa[k], sb[k] = d[k]*dims[i], a[i], b[i]
		} else {
			d, sa, sb = append(d, dims[i]), append(sa, a[i]), append(sb, b[i])
		}
	}
	return d, sa, sb
}

// A mover copies elements of one shape between two storage orders.
type mover struct{ shape, to, from []int }

func newMover(shape, to, from []int) *mover {
	m := &mover{}
	m.shape, m.to, m.from = collapse(shape, to, from)
	// What is written side by side goes in the inner loop.
	inner := len(m.shape) - 1
	for k, step := range m.to {
		if step == 1 {
			for _, v := range [][]int{m.shape, m.to, m.from} {
				v[k], v[inner] = v[inner], v[k]
			}
			break
		}
	}
	return m
}

// run copies a share, the first element of all from src[s] to dst[d].
func (m *mover) run(dst []float32, d int, src []float32, s int, part simd.Part) {
	move(m, dst, d, src, s, part)
}

func move[T any](m *mover, dst []T, d int, src []T, s int, part simd.Part) {
	inner, rows := len(m.shape)-1, product(m.shape[:len(m.shape)-1])
	n, to, from := m.shape[inner], m.to[inner], m.from[inner]
	if n == 0 {
		return
	}
	first, end := part.Span(rows, 1)
	o := newOdometer(m.shape[:inner], m.to, m.from, first)
	for range end - first {
		out, in := d+o.a, s+o.b
		if to == 1 && from == 1 {
			copy(dst[out:][:n], src[in:])
		} else {
			for range n {
				dst[out] = src[in]
				out, in = out+to, in+from
			}
		}
		o.next()
	}
}
