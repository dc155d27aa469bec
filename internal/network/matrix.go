package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

func opGemm(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) < 2 || len(in[0].shape) != 2 || in[1] == nil || in[1].data == nil || len(in[1].shape) != 2 {
		return nil, unsupported(n, "Gemm without a constant matrix")
	}
	if n.Int("transA", 0) != 0 {
		return nil, unsupported(n, "transA")
	}
	k, cols := in[1].shape[0], in[1].shape[1]
	transposed := n.Int("transB", 0) != 0
	if transposed {
		k, cols = cols, k
	}
	if in[0].shape[1] != k || k == 0 || cols == 0 {
		return nil, corrupt(n, "shapes %v and %v", in[0].shape, in[1].shape)
	}
	alpha, beta, w := n.Float("alpha", 1), n.Float("beta", 1), in[1].data
	if alpha != 1 {
		w = make([]float32, len(w))
		kernel.Mul.Scalar(w, in[1].data, alpha)
	}
	kStep, nStep := cols, 1
	if transposed {
		kStep, nStep = 1, k
	}
	var bias []float32
	if len(in) > 2 && in[2] != nil {
		if in[2].data == nil || in[2].len() != cols && in[2].len() != 1 {
			return nil, unsupported(n, "bias of shape %v for %d columns", in[2].shape, cols)
		}
		for j := range cols {
			bias = append(bias, beta*in[2].data[j%in[2].len()])
		}
	}
	return []*tensor{c.multiply(n, in[0], []int{in[0].shape[0], cols}, kernel.Pack(k, cols, w, kStep, nStep, bias))}, nil
}

// multiply emits the product of the rows of x with a packed matrix.
func (c *compiler) multiply(n *onnx.Node, x *tensor, shape []int, b *kernel.Packed) *tensor {
	x = c.plain(x)
	rows := product(shape) / b.N
	f := c.activation(n)
	return c.share(n, []*tensor{x}, shape, false, 0, rows*b.K*b.N, func(in [][]float32, out, _ []float32, part kernel.Part) {
		kernel.GemmPart(out, b.N, in[0], b.K, rows, b, f, part)
	})
}

func opMatMul(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 2 || len(in[0].shape) < 2 || len(in[1].shape) < 2 {
		return nil, unsupported(n, "product of vectors")
	}
	a, b := c.plain(toFloats(in[0])), c.plain(toFloats(in[1]))
	ra, rb := len(a.shape), len(b.shape)
	m, k, cols := a.shape[ra-2], a.shape[ra-1], b.shape[rb-1]
	if b.shape[rb-2] != k || k == 0 || cols == 0 || m == 0 {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	if b.data != nil && rb == 2 && !a.known() {
		w := b.data
		shape := append(slices.Clone(a.shape[:ra-1]), cols)
		bias := c.addedBias(n, cols)
		return []*tensor{c.multiply(n, a, shape, kernel.Pack(k, cols, w, cols, 1, bias))}, nil
	}
	lead := broadcast(a.shape[:ra-2], b.shape[:rb-2])
	if lead == nil {
		return nil, corrupt(n, "shapes %v and %v", a.shape, b.shape)
	}
	batch := product(lead)
	as, bs := m*k, k*cols
	if product(a.shape[:ra-2]) == 1 {
		as = 0
	} else if product(a.shape[:ra-2]) != batch {
		return nil, unsupported(n, "broadcast batches %v and %v", a.shape, b.shape)
	}
	if product(b.shape[:rb-2]) == 1 {
		bs = 0
	} else if product(b.shape[:rb-2]) != batch {
		return nil, unsupported(n, "broadcast batches %v and %v", a.shape, b.shape)
	}
	shape := append(slices.Clone(lead), m, cols)
	return []*tensor{c.share(n, []*tensor{a, b}, shape, false, kernel.DynamicScratch(k, cols), batch*m*k*cols, func(in [][]float32, out, scratch []float32, part kernel.Part) {
		for i, end := part.Span(batch, 1); i < end; i++ {
			kernel.GemmDynamic(out[i*m*cols:], in[0][i*as:], in[1][i*bs:], m, k, cols, scratch)
		}
	})}, nil
}

// addedBias joins an addition of a constant row to the product before it.
func (c *compiler) addedBias(n *onnx.Node, cols int) []float32 {
	add := c.sole(n.Outputs[0])
	if add == nil || add.Op != "Add" {
		return nil
	}
	for _, name := range add.Inputs {
		if name == n.Outputs[0] {
			continue
		}
		t, err := c.value(add, name)
		if err != nil || t.data == nil || t.len() != cols || len(t.shape) == 0 || t.shape[len(t.shape)-1] != cols {
			return nil
		}
		c.joinBehind(n, add)
		return t.data
	}
	return nil
}
