package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// Values of a run that are of 8 bits may lie in memory as bytes, int8 with 128
// added: those that QuantizeLinear and its like make with one scale for all. What
// DequantizeLinear makes of them stays as it is, with the grid that says what the
// bytes stand for, until a node takes it. Products, sums and pooling are computed
// on bytes, in integers; every other node is given floats.

// grid is what bytes of a type, and so scaled, stand for.
func grid(t onnx.Type, scale, zero float32) simd.Grid {
	return simd.Grid{Scale: scale, Zero: int32(zero) + offset(t)}
}

// offset is what is added to values of a type to make them bytes.
func offset(t onnx.Type) int32 {
	if t == onnx.Int8 {
		return 128
	}
	return 0
}

// stands is the grid of a tensor of bytes: of floats, or of their integers.
func (t *tensor) stands() simd.Grid {
	if t.grid != nil {
		return *t.grid
	}
	return grid(t.elem, 1, 0)
}

// words is how many places of float32 a tensor takes. Products read bytes up to the
// next multiple of four.
func (t *tensor) words() int {
	if t.bytes {
		return t.len()/4 + 2
	}
	return t.len()
}

// A weight is what a constant was before it was dequantized.
type weight struct {
	node              *node
	ints, scale, zero *tensor // scale and zero broadcast to ints
}

// by is scale and zero point of each place of a dimension, if they differ along no
// other.
func (w *weight) by(dim int) (scale []float32, zero []int32, ok bool) {
	n := w.ints.shape[dim]
	scale, zero = make([]float32, n), make([]int32, n)
	s, z := w.scale.spread(w.ints.shape), w.zero.spread(w.ints.shape)
	for k := range s {
		if k != dim && (s[k] != 0 || z[k] != 0) {
			return nil, nil, false
		}
	}
	zeros := toFloats(w.zero)
	if !w.scale.known() || !zeros.known() {
		return nil, nil, false
	}
	for i := range n {
		scale[i], zero[i] = w.scale.data[i*s[dim]], int32(zeros.data[i*z[dim]])
	}
	return scale, zero, true
}

// signedBytes is known integers of 8 bits as int8, and what was taken from them.
func signedBytes(t *tensor) (v []int8, taken int32) {
	taken = 128 - offset(t.elem)
	v = make([]int8, t.len())
	if t.small != nil {
		for i, x := range t.small {
			v[i] = int8(x - uint8(taken))
		}
		return v, taken
	}
	for i, x := range t.ints {
		v[i] = int8(int32(x) - taken)
	}
	return v, taken
}

// shiftedZeros are zero points less what was taken from all weights.
func shiftedZeros(zeros []int32, taken int32) []int32 {
	out := make([]int32, len(zeros))
	for i, z := range zeros {
		out[i] = z - taken
	}
	return out
}

// floatsOf is an input as floats or integers that every operator takes: not as
// bytes, and not as weights that are yet to be scaled.
func (c *compiler) floatsOf(n *node, name string, t *tensor) *tensor {
	switch {
	case t == nil:
	case t.from != nil && t.data == nil:
		w := t.from
		return c.dequantized(w.node, w.ints.spelled(), w.scale, w.zero).as(t.elem)
	case t.small != nil:
		return t.spelled()
	case t.bytes:
		if wide := c.wide[t]; wide != nil {
			wide.at.pending--
			return wide
		}
		wide := c.widen(n, t)
		wide.at.pending += len(c.users[name]) - 1
		c.wide[t] = wide
		return wide
	}
	return t
}

func (c *compiler) widen(n *node, t *tensor) *tensor {
	g := t.stands()
	wide := c.share(n, []*tensor{t}, t.shape, t.last, 0, t.len(), func(in [][]float32, out, _ []float32, part simd.Part) {
		first, end := part.Span(len(out), 32)
		g.Widen(out[first:end], simd.Bytes(in[0])[first:end])
	})
	wide.elem, wide.nhwc = t.elem, t.nhwc
	return wide
}

// bytesLike is a tensor of bytes to emit.
func bytesLike(shape []int, last bool, elem onnx.Type) *tensor {
	return &tensor{shape: shape, last: last, elem: elem, bytes: true}
}

// toBytes emits a quantization with one scale and zero point.
func (c *compiler) toBytes(n *node, x *tensor, to onnx.Type, g simd.Grid) *tensor {
	out := bytesLike(x.shape, x.last, to)
	size := out.len()
	return c.add(n, []*tensor{x}, out, nil, 0, size, func(in [][]float32, out, _ []float32, part simd.Part) {
		first, end := part.Span(size, 32)
		g.Quantize(simd.Bytes(out)[first:end], in[0][first:end], simd.AllBytes)
	})
}

// onBytes compiles a node that can take its inputs as bytes; nil if it can't.
func (c *compiler) onBytes(n *node, in []*tensor) ([]*tensor, error) {
	var t *tensor
	var err error
	switch n.Op {
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		if in[0].bytes { // another shape of the same bytes
			return n.row.compile(c, n, in)
		}
	case "DequantizeLinear":
		t, err = c.lazily(n, in)
	case "Conv":
		t, err = c.bytesConv(n, in)
	case "MatMul":
		t, err = c.bytesMatMul(n, in)
	case "Gemm":
		t, err = c.bytesGemm(n, in)
	case "Add":
		t, err = c.bytesAdd(n, in)
	case "MaxPool":
		t, err = c.bytesMaxPool(n, in)
	case "MatMulInteger":
		t, err = c.bytesMatMulInteger(n, in)
	case "ConvInteger":
		t, err = c.bytesConvInteger(n, in)
	case "QLinearConv":
		t, err = c.bytesLinearConv(n, in)
	case "QLinearMatMul":
		t, err = c.bytesLinearMatMul(n, in)
	}
	if t == nil || err != nil {
		return nil, err
	}
	return []*tensor{t}, nil
}

// lazily dequantizes bytes by saying what they stand for, and weights by
// remembering what they were.
func (c *compiler) lazily(n *node, in []*tensor) (*tensor, error) {
	x := in[0]
	if !x.bytes && !x.integers() || n.outputType() != 0 {
		return nil, nil
	}
	for _, t := range in[1:] {
		if t != nil {
			t.spelled()
		}
	}
	scale, zero, err := c.scaleAndZero(n, in)
	if err != nil || !scale.known() || !zero.known() {
		return nil, err
	}
	if x.bytes {
		if scale.len() != 1 || zero.len() != 1 {
			return nil, nil
		}
		g := grid(x.elem, scale.data[0], toFloats(zero).data[0])
		t := *x
		t.elem, t.grid = scale.elem, &g
		return &t, nil
	}
	t := &tensor{shape: x.shape, elem: scale.elem, from: &weight{n, x, scale, zero}}
	if len(x.shape) < 2 || x.len() < 2 || !eightBits.has(x.elem) { // small, or no factor of a product: others look at it
		t.data = c.dequantized(n, x, scale, zero).data
	}
	return t, nil
}

// A requantization is a node QuantizeLinear with one scale, and an activation
// before it that limits what becomes bytes.
type requantization struct {
	nodes  []*node
	to     onnx.Type
	grid   simd.Grid
	limits simd.Limits
}

// requantization finds a requantization that alone takes what a node makes.
func (c *compiler) requantization(n *node) *requantization {
	r := &requantization{limits: simd.AllBytes}
	u := c.sole(n.Outputs[0])
	if u == nil || len(u.Inputs) == 0 || u.Inputs[0] != n.Outputs[0] {
		return nil
	}
	q := u
	if u.Op == "Relu" || u.Op == "Clip" {
		r.nodes = append(r.nodes, u)
		if q = c.next(u, "QuantizeLinear", 0); q == nil {
			return nil
		}
	}
	if q.Op != "QuantizeLinear" {
		return nil
	}
	r.nodes = append(r.nodes, q)
	scale, _, ok := c.scalar(q.Inputs[1])
	if !ok {
		return nil
	}
	zero := float32(0)
	r.to = q.outputType()
	if len(q.Inputs) > 2 && q.Inputs[2] != "" {
		if zero, _, ok = c.scalar(q.Inputs[2]); !ok {
			return nil
		}
		z, err := c.value(q, q.Inputs[2])
		if err != nil || r.to != 0 && r.to != z.elem {
			return nil
		}
		r.to = z.elem
	}
	if r.to == 0 {
		r.to = onnx.Uint8
	}
	if !eightBits.has(r.to) {
		return nil
	}
	if r.grid = grid(r.to, scale, zero); u != q && !(scale > 0) { // limits would be the wrong way round
		return nil
	}
	switch u.Op {
	case "Relu":
		r.limits.Low = r.grid.Zero
	case "Clip":
		low, high, ok := c.clip(u)
		if !ok {
			return nil
		}
		var b [2]uint8
		r.grid.Quantize(b[:], []float32{low, high}, simd.AllBytes)
		r.limits = simd.Limits{Low: int32(b[0]), High: int32(b[1])}
	}
	return r
}

// bytesAdd adds bytes of one shape, where the sum becomes bytes.
func (c *compiler) bytesAdd(n *node, in []*tensor) (*tensor, error) {
	a, b := in[0], in[1]
	if !a.bytes || !b.bytes || a.grid == nil || b.grid == nil || !sameShape(a, b) || a.last != b.last {
		return nil, nil
	}
	r := c.requantization(n)
	if r == nil {
		return nil, nil
	}
	c.joinBehind(n, r.nodes...)
	out, ga, gb := bytesLike(a.shape, a.last, r.to), *a.grid, *b.grid
	size := out.len()
	return c.add(n, in, out, nil, 0, size, func(in [][]float32, out, _ []float32, part simd.Part) {
		first, end := part.Span(size, 32)
		r.grid.AddBytes(simd.Bytes(out)[first:end], simd.Bytes(in[0])[first:], simd.Bytes(in[1])[first:], ga, gb, r.limits)
	}), nil
}

// bytesMaxPool is the largest bytes, which stand for the largest values as scales
// are positive.
func (c *compiler) bytesMaxPool(n *node, in []*tensor) (*tensor, error) {
	x := in[0]
	if !x.bytes || len(x.shape) != 4 || x.grid != nil && !(x.grid.Scale > 0) {
		return nil, nil
	}
	x = c.channelsLast(n, x)
	shape := simd.Shape{Height: x.shape[2], Width: x.shape[3], Channels: x.shape[1]}
	size := n.Ints("kernel_shape")
	if len(size) != 2 {
		return nil, corrupt(n, "kernel_shape %v for shape %v", size, x.shape)
	}
	w, err := window(n, shape, size)
	if err != nil {
		return nil, err
	}
	w = ceilMode(n, shape, w)
	if err := fits(n, w, shape); err != nil {
		return nil, err
	}
	if !w.Reaches(shape) {
		return nil, unsupported(n, "window that lies in the padding: %+v over %d x %d", w, shape.Height, shape.Width)
	}
	height, width := w.Out(shape)
	out := bytesLike([]int{x.shape[0], x.shape[1], height, width}, true, x.elem)
	out.grid = x.grid
	films, from, to := x.shape[0], shape.Len(), height*width*shape.Channels
	return c.add(n, []*tensor{x}, out, nil, 0, 0, func(in [][]float32, out, _ []float32, _ simd.Part) {
		for i := range films {
			simd.MaxPoolBytes(simd.Bytes(out)[i*to:][:to], simd.Bytes(in[0])[i*from:][:from], shape, w)
		}
	}), nil
}

// wantedAsBytes reports whether a node takes what a quantization makes, or its
// dequantization, as bytes.
func (c *compiler) wantedAsBytes(q *node) bool {
	for _, u := range c.users[q.Outputs[0]] {
		switch u.Op {
		case "MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv", "MaxPool":
			return true
		case "DequantizeLinear":
			for _, v := range c.users[u.Outputs[0]] {
				if c.takesBytes(v, u.Outputs[0]) {
					return true
				}
			}
		}
	}
	return false
}

// takesBytes reports whether a node is likely to take a dequantized value as bytes.
func (c *compiler) takesBytes(n *node, name string) bool {
	switch n.Op {
	case "MaxPool":
		return true
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		return slices.ContainsFunc(c.users[n.Outputs[0]], func(u *node) bool { return c.takesBytes(u, n.Outputs[0]) })
	case "Conv", "MatMul", "Gemm":
		w := c.makers[n.Inputs[1]]
		return n.Inputs[0] == name && w != nil && w.Op == "DequantizeLinear" && c.constantNamed(w.Inputs[0]) >= 0 && (n.Op != "Conv" || !c.depthwise(n, w.Inputs[0]))
	case "Add":
		for _, other := range n.Inputs {
			if m := c.makers[other]; m == nil || m.Op != "DequantizeLinear" || c.constantNamed(m.Inputs[0]) >= 0 {
				return false
			}
		}
		return c.requantization(n) != nil
	}
	return false
}

// depthwise reports whether a convolution has groups of one channel of the input.
func (c *compiler) depthwise(n *node, weights string) bool {
	w := c.model.Initializers[weights]
	return n.Int("group") > 1 && w != nil && len(w.Shape) > 1 && w.Shape[1] == 1
}
