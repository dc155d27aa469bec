package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// opGemm is alpha*A*B + beta*C of matrices, which may be turned.
func opGemm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	a, b := in[0], in[1]
	if len(a.shape) != 2 || len(b.shape) != 2 {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	if n.Int("transA") != 0 {
		a = c.transpose(n, a, []int{1, 0})
	}
	turned := n.Int("transB") != 0
	k, cols := b.shape[0], b.shape[1]
	if turned {
		k, cols = cols, k
	}
	if a.shape[1] != k {
		return nil, corrupt(n, "shapes %v and %v", in[0].shape, b.shape)
	}
	shape := []int{a.shape[0], cols}
	alpha, beta := n.Float("alpha"), n.Float("beta")
	var added *tensor // what is not a constant row
	var bias []float32
	if len(in) > 2 && in[2] != nil && beta != 0 {
		added = in[2]
		if sum := broadcast(added.shape, shape); !slices.Equal(sum, shape) {
			return nil, corrupt(n, "addend of shape %v for %v", added.shape, shape)
		}
		row := added.len() == 1 || added.len() == cols && added.shape[len(added.shape)-1] == cols
		if added.data != nil && row {
			for j := range cols {
				bias = append(bias, beta*added.data[j%added.len()])
			}
			added = nil
		}
	}
	if b.data != nil && !a.known() && added == nil {
		w := b.data
		if alpha != 1 {
			w = make([]float32, len(w))
			simd.Mul.Scalar(w, b.data, alpha)
		}
		kStep, nStep := cols, 1
		if turned {
			kStep, nStep = 1, k
		}
		return []*tensor{c.multiply(n, a, shape, simd.Pack(k, cols, w, kStep, nStep, bias, c.precision))}, nil
	}
	if turned {
		b = c.transpose(n, b, []int{1, 0})
	}
	t := c.product(n, a, b, nil, shape)
	if alpha != 1 {
		t = c.combine(n, multiplication, t, number(alpha), shape, simd.None)
	}
	if bias != nil {
		added, beta = &tensor{shape: []int{cols}, elem: t.elem, data: bias}, 1
	}
	if added != nil {
		if beta != 1 {
			added = c.combine(n, multiplication, added, number(beta), added.shape, simd.None)
		}
		t = c.combine(n, addition, t, added, shape, simd.None)
	}
	return []*tensor{t}, nil
}

// multiply emits the product of the rows of x with a packed matrix.
func (c *compiler) multiply(n *node, x *tensor, shape []int, b *simd.Packed) *tensor {
	x = c.plain(x)
	rows := product(shape) / b.N
	f := c.activation(n, len(shape))
	t := c.share(n, []*tensor{x}, shape, false, 0, (rows+perMove)*b.K*b.N, func(in [][]float32, out, _ []float32, part simd.Part) {
		simd.GemmPart(out, b.N, in[0], b.K, rows, b, f, part)
	})
	t.nhwc = len(shape) == 4
	return t
}

// opMatMul multiplies matrices, of which there may be many along leading
// dimensions; a vector is a matrix of one row before it, of one column behind.
func opMatMul(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	a, b := in[0], in[1]
	if len(a.shape) == 0 || len(b.shape) == 0 {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	rowOf, columnOf := len(a.shape) == 1, len(b.shape) == 1
	if rowOf {
		a = c.view(a, []int{1, a.shape[0]})
	}
	if columnOf {
		b = c.view(b, []int{b.shape[0], 1})
	}
	ra, rb := len(a.shape), len(b.shape)
	m, k, cols := a.shape[ra-2], a.shape[ra-1], b.shape[rb-1]
	lead := broadcast(a.shape[:ra-2], b.shape[:rb-2])
	if b.shape[rb-2] != k || lead == nil {
		return nil, corrupt(n, "shapes %v and %v", in[0].shape, in[1].shape)
	}
	whole := append(slices.Clone(lead), m, cols)
	shape := slices.Clone(lead)
	if !rowOf {
		shape = append(shape, m)
	}
	if !columnOf {
		shape = append(shape, cols)
	}
	if b.data != nil && rb == 2 && !a.known() {
		bias := c.addedBias(n, cols, len(shape))
		return []*tensor{c.multiply(n, a, shape, simd.Pack(k, cols, c.plain(b).data, cols, 1, bias, c.precision))}, nil
	}
	t := c.product(n, a, b, lead, whole)
	if rowOf || columnOf {
		t = c.view(t, shape)
	}
	return []*tensor{t}, nil
}

// product multiplies matrices of the run along leading dimensions.
func (c *compiler) product(n *node, a, b *tensor, lead, shape []int) *tensor {
	a, b = c.plain(a), c.plain(b)
	ra, rb, rank := len(a.shape), len(b.shape), len(lead)
	m, k, cols := a.shape[ra-2], a.shape[ra-1], b.shape[rb-1]
	batch := product(lead)
	// How far apart the matrices are, in matrices.
	as, bs := (&tensor{shape: a.shape[:ra-2]}).spread(lead), (&tensor{shape: b.shape[:rb-2]}).spread(lead)
	return c.share(n, []*tensor{a, b}, shape, false, simd.DynamicScratch(k, cols), batch*m*k*cols, func(in [][]float32, out, scratch []float32, part simd.Part) {
		first, end := part.Span(batch, 1)
		o := newOdometer(lead[:rank:rank], as, bs, first)
		for i := first; i < end; i++ {
			simd.GemmStrided(out[i*m*cols:][:m*cols], in[0][o.a*m*k:], in[1][o.b*k*cols:], m, k, cols, cols, 1, scratch, c.precision)
			o.next()
		}
	})
}

// addedBias joins an addition of a constant row to the product before it, which
// has so many dimensions.
func (c *compiler) addedBias(n *node, cols, rank int) []float32 {
	add := c.sole(n.Outputs[0])
	if add == nil || add.Op != "Add" {
		return nil
	}
	for _, name := range add.Inputs {
		if name == n.Outputs[0] || c.constantNamed(name) != cols {
			continue
		}
		t, err := c.value(add, name)
		if err != nil || t.data == nil || len(t.shape) == 0 || len(t.shape) > rank || t.shape[len(t.shape)-1] != cols {
			return nil
		}
		c.joinBehind(n, add)
		return t.data
	}
	return nil
}
