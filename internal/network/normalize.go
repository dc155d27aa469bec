package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

func opLayerNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis"), len(t.shape))
	if err != nil {
		return nil, err
	}
	if v := n.Int("stash_type"); v != 1 {
		return nil, unsupported(n, "stash_type %d", v)
	}
	cols := product(t.shape[a:])
	gamma, err := rowOf(n, "scale", in[1], t.shape[a:])
	if err != nil {
		return nil, err
	}
	beta := make([]float32, cols)
	if len(in) > 2 && in[2] != nil {
		if beta, err = rowOf(n, "bias", in[2], t.shape[a:]); err != nil {
			return nil, err
		}
	}
	out := c.layerNorm(n, t, gamma, beta, float64(n.Float("epsilon")))
	out.nhwc = len(t.shape) == 4 && a == 3
	return []*tensor{out}, nil
}

// rowOf is the values of a constant that has the normalized shape, or one value
// for all of it.
func rowOf(n *node, what string, t *tensor, shape []int) ([]float32, error) {
	cols := product(shape)
	switch {
	case t.data == nil:
		return nil, unsupported(n, "%s that is not constant", what)
	case t.len() == 1:
		return slices.Repeat(t.data, cols), nil
	case t.len() != cols || !slices.Equal(broadcast(t.shape, shape), shape):
		return nil, unsupported(n, "%s of shape %v for values of %v", what, t.shape, shape)
	}
	return t.data, nil
}

// layerNorm normalizes rows of t that are as long as gamma.
func (c *compiler) layerNorm(n *node, t *tensor, gamma, beta []float32, epsilon float64) *tensor {
	cols := len(gamma)
	return c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), cols); i < end; i += cols {
			simd.LayerNorm(out[i:][:cols], in[0][i:][:cols], gamma, beta, epsilon)
		}
	})
}

// opRMSNorm divides rows by the root of the mean of their squares.
func opRMSNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := c.plain(in[0])
	a, err := axis(n, n.Int("axis"), len(t.shape))
	if err != nil {
		return nil, err
	}
	if v := n.Int("stash_type"); v != 1 {
		return nil, unsupported(n, "stash_type %d", v)
	}
	gamma, err := rowOf(n, "scale", in[1], t.shape[a:])
	if err != nil {
		return nil, err
	}
	cols, epsilon := len(gamma), float64(n.Float("epsilon"))
	return []*tensor{c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), cols); i < end; i += cols {
			var sum float64
			for _, v := range in[0][i:][:cols] {
				sum += float64(v) * float64(v)
			}
			scale := float32(1 / math.Sqrt(sum/float64(cols)+epsilon))
			for k, v := range in[0][i:][:cols] {
				out[i+k] = v * scale * gamma[k]
			}
		}
	})}, nil
}

// opInstanceNorm normalizes each channel of each film by itself.
func opInstanceNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if len(in[0].shape) < 3 {
		return nil, corrupt(n, "shape %v", in[0].shape)
	}
	return c.groupNorm(n, in, in[0].shape[1])
}

// opGroupNorm normalizes groups of channels. Scale and bias are one for each
// group up to opset 20, for each channel since.
func opGroupNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	groups := n.Int("num_groups")
	if len(in[0].shape) < 3 || groups < 1 || in[0].shape[1]%groups != 0 {
		return nil, corrupt(n, "%d groups of shape %v", groups, in[0].shape)
	}
	return c.groupNorm(n, in, groups)
}

func (c *compiler) groupNorm(n *node, in []*tensor, groups int) ([]*tensor, error) {
	channels := in[0].shape[1]
	scale, bias := in[1].data, in[2].data
	if scale == nil || bias == nil {
		return nil, unsupported(n, "scale or bias that is not constant")
	}
	if n.Op == "GroupNormalization" && c.model.Opset < 21 {
		if len(scale) != groups || len(bias) != groups {
			return nil, corrupt(n, "scale of %d and bias of %d values for %d groups", len(scale), len(bias), groups)
		}
		each := channels / groups
		spread := func(v []float32) (out []float32) {
			for i := range channels {
				out = append(out, v[i/each])
			}
			return out
		}
		scale, bias = spread(scale), spread(bias)
	}
	if len(scale) != channels || len(bias) != channels {
		return nil, corrupt(n, "scale of %d and bias of %d values for %d channels", len(scale), len(bias), channels)
	}
	t := c.plain(in[0])
	size := product(t.shape[2:])
	row, epsilon := channels/groups*size, float64(n.Float("epsilon"))
	return []*tensor{c.shareOver(n, []*tensor{t}, func(in [][]float32, out []float32, part simd.Part) {
		for i, end := part.Span(len(out), row); i < end; i += row {
			src, dst := in[0][i:][:row], out[i:][:row]
			var sum, squares float64
			for _, v := range src {
				sum += float64(v)
			}
			mean := sum / float64(row)
			for _, v := range src {
				squares += (float64(v) - mean) * (float64(v) - mean)
			}
			factor := 1 / math.Sqrt(squares/float64(row)+epsilon)
			for k, v := range src {
				ch := (i + k) / size % channels
				dst[k] = float32((float64(v)-mean)*factor)*scale[ch] + bias[ch]
			}
		}
	})}, nil
}

// spelledLayerNorm recognizes a layer normalization of the last dimension that
// starts with its mean, as exporters write it up to opset 16:
//
//	d = x - mean(x);  d / sqrt(mean(d^2) + epsilon) * gamma + beta
//
// It joins the nodes behind mean and is nil if they are not these.
func (c *compiler) spelledLayerNorm(mean *node, in []*tensor) *tensor {
	x := in[0]
	if len(x.shape) < 2 || x.known() || x.last && product(x.shape[2:]) > 1 || !c.overLast(mean, x) {
		return nil
	}
	rank, cols := len(x.shape), x.shape[len(x.shape)-1]
	sub := c.next(mean, "Sub", 1)
	if sub == nil || sub.Inputs[0] != mean.Inputs[0] {
		return nil
	}
	d := c.users[sub.Outputs[0]]
	if len(d) != 2 || c.outputs[sub.Outputs[0]] {
		return nil
	}
	i := slices.IndexFunc(d, func(n *node) bool { return n.Op == "Pow" })
	if i < 0 || d[i].Inputs[0] != sub.Outputs[0] || !c.constantIs(d[i], 1, 2, rank) {
		return nil
	}
	square, div := d[i], d[1-i]
	variance := c.next(square, "ReduceMean", 0)
	if variance == nil || !c.overLast(variance, x) {
		return nil
	}
	plus := c.next(variance, "Add", -1)
	root := c.next(plus, "Sqrt", 0)
	if root == nil || div.Op != "Div" || c.next(root, "Div", 1) != div || div.Inputs[0] != sub.Outputs[0] {
		return nil
	}
	scale := c.next(div, "Mul", -1)
	shift := c.next(scale, "Add", -1)
	if shift == nil {
		return nil
	}
	epsilon, ok := c.operand(plus, 1, rank)
	gamma, okGamma := c.operand(scale, cols, rank)
	beta, okBeta := c.operand(shift, cols, rank)
	if !ok || !okGamma || !okBeta {
		return nil
	}
	x.at.pending-- // sub reads it too
	c.joinBehind(mean, sub, square, variance, plus, root, div, scale, shift)
	return c.layerNorm(mean, x, gamma, beta, float64(epsilon[0]))
}

// overLast reports whether a reduction of values shaped like x is over the last
// dimension and keeps it.
func (c *compiler) overLast(n *node, x *tensor) bool {
	list := n.Ints("axes")
	if len(n.Inputs) > 1 && n.Inputs[1] != "" {
		list = nil
		if t, err := c.value(n, n.Inputs[1]); err == nil && len(t.ints) == 1 {
			list = []int{int(t.ints[0])}
		}
	}
	return len(list) == 1 && (list[0] == -1 || list[0] == len(x.shape)-1) && n.Int("keepdims") == 1
}

// operand is the constant operand of n, of the given number of values along the
// last dimension, and no more dimensions than the other operand has.
func (c *compiler) operand(n *node, count, rank int) ([]float32, bool) {
	for _, name := range n.Inputs {
		if c.values[name] == nil && c.model.Initializers[name] == nil {
			continue // not made yet
		}
		t, err := c.value(n, name)
		if err == nil && t.data != nil && t.len() == count && len(t.shape) <= rank && (count == 1 || t.shape[len(t.shape)-1] == count) {
			return t.data, true
		}
	}
	return nil, false
}
