package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// opAttention is softmax(Q*K'*scale + mask)*V of every head, without values of a
// time before.
func opAttention(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	for i := 4; i < len(in); i++ {
		if in[i] != nil {
			return nil, unsupported(n, "keys and values of before")
		}
	}
	if n.Float("softcap") != 0 {
		return nil, unsupported(n, "softcap")
	}
	for _, name := range []string{"left_window_size", "right_window_size"} {
		if n.Has(name) && n.Int(name) != -1 {
			return nil, unsupported(n, "%s", name)
		}
	}
	flat := len(in[0].shape) == 3
	q, err := c.heads(n, in[0], "q_num_heads")
	if err != nil {
		return nil, err
	}
	k, err := c.heads(n, in[1], "kv_num_heads")
	if err != nil {
		return nil, err
	}
	v, err := c.heads(n, in[2], "kv_num_heads")
	if err != nil {
		return nil, err
	}
	films, heads, rows, size, cols := q.shape[0], q.shape[1], q.shape[2], q.shape[3], k.shape[2]
	if k.shape[0] != films || v.shape[0] != films || k.shape[3] != size || v.shape[2] != cols || k.shape[1] != v.shape[1] || k.shape[1] == 0 || heads%k.shape[1] != 0 {
		return nil, corrupt(n, "shapes %v, %v and %v", in[0].shape, in[1].shape, in[2].shape)
	}
	if each := heads / k.shape[1]; each > 1 { // some heads share their keys and values
		places := make([]int, heads)
		for i := range places {
			places[i] = i / each
		}
		k, v = c.take(n, k, 1, places), c.take(n, v, 1, places)
	}
	scale := float32(1 / math.Sqrt(float64(size)))
	if n.Has("scale") && n.Float("scale") != 0 {
		scale = n.Float("scale")
	}
	shape := []int{films, heads, rows, cols}
	scores := c.product(n, q, c.transpose(n, k, []int{0, 1, 3, 2}), shape[:2], shape)
	scores = c.combine(n, multiplication, scores, number(scale), shape, simd.None)
	if scores, err = c.masked(n, scores, input(in, 3)); err != nil {
		return nil, err
	}
	softmax := simd.Softmax
	if input(in, 3) != nil || n.Int("is_causal") != 0 {
		softmax = maskedSoftmax
	}
	weights := c.along(n, scores, 3, softmax)
	out := c.product(n, weights, v, shape[:2], []int{films, heads, rows, v.shape[3]})
	if flat {
		out = c.view(c.transpose(n, out, []int{0, 2, 1, 3}), []int{films, rows, heads * v.shape[3]})
	}
	return []*tensor{out}, nil
}

// heads is films x heads x places x size, of what may be films x places x all heads.
func (c *compiler) heads(n *node, t *tensor, attribute string) (*tensor, error) {
	switch len(t.shape) {
	case 4:
		return c.plain(t), nil
	case 3:
		heads := n.Int(attribute)
		if heads < 1 || t.shape[2]%heads != 0 {
			return nil, corrupt(n, "%s %d of shape %v", attribute, heads, t.shape)
		}
		t = c.view(t, []int{t.shape[0], t.shape[1], heads, t.shape[2] / heads})
		return c.transpose(n, t, []int{0, 2, 1, 3}), nil
	}
	return nil, corrupt(n, "shape %v", t.shape)
}

// maskedSoftmax is softmax, and zeros where nothing is seen.
func maskedSoftmax(dst, src []float32) {
	if !slices.ContainsFunc(src, func(v float32) bool { return !math.IsInf(float64(v), -1) }) {
		clear(dst)
		return
	}
	simd.Softmax(dst, src)
}

// masked takes away what a score must not see: what a mask of truth values leaves
// out, or adds a mask of floats; and what comes later, if the node is causal.
func (c *compiler) masked(n *node, scores, mask *tensor) (*tensor, error) {
	never := number(float32(math.Inf(-1)))
	if mask != nil {
		if sum := broadcast(mask.shape, scores.shape); !slices.Equal(sum, scores.shape) {
			return nil, unsupported(n, "mask of shape %v for scores of %v", mask.shape, scores.shape)
		}
		if mask.elem.Floating() {
			scores = c.combine(n, addition, scores, mask, scores.shape, simd.None)
		} else {
			scores = c.ternary(n, [3]*tensor{mask, scores, never}, scores.shape, chosen)
		}
	}
	if n.Int("is_causal") != 0 {
		rows, cols := scores.shape[2], scores.shape[3]
		c.spend(n, rows*cols)
		seen := &tensor{shape: []int{rows, cols}, data: make([]float32, rows*cols)}
		for i := range seen.data {
			if i%cols <= i/cols {
				seen.data[i] = 1
			}
		}
		scores = c.ternary(n, [3]*tensor{seen, scores, never}, scores.shape, chosen)
	}
	return scores, nil
}

// chosen is a where test is true, and otherwise b.
func chosen(test, a, b float32) float32 {
	if test != 0 {
		return a
	}
	return b
}
