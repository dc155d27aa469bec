package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// A scaling is what becomes of the sums of a product, by its columns: of one group
// after the other for a convolution. What the run decides is given to each run.
type scaling struct {
	zero  int32 // of the first factor, if the compiler knows it
	start [][]int32
	scale [][]float32
	bias  [][]float32     // of floats
	r     *requantization // to bytes; nil: floats
	f     simd.Activation // of floats
}

// newScaling lays out values of each column for the matrices of a product. ints and
// floats are biases, or nil.
func newScaling(groups []*simd.PackedBytes, zero int32, ints []int32, scale, floats []float32, r *requantization) *scaling {
	s := &scaling{zero: zero, r: r}
	at := 0
	for _, b := range groups {
		start, factors, bias := make([]int32, b.Columns()), make([]float32, b.Columns()), make([]float32, b.Columns())
		if ints != nil {
			b.Start(start, zero, ints[at:][:b.N])
		} else {
			b.Start(start, zero, nil)
		}
		copy(factors, scale[at:][:b.N])
		if floats != nil {
			copy(bias, floats[at:][:b.N])
		}
		s.start, s.scale, s.bias = append(s.start, start), append(s.scale, factors), append(s.bias, bias)
		at += b.N
	}
	return s
}

// product is what a matrix is multiplied by.
func (s *scaling) product(g int, b *simd.PackedBytes) *simd.Product {
	p := &simd.Product{B: b, Start: s.start[g], Scale: s.scale[g], Bias: s.bias[g], F: s.f}
	if s.r != nil {
		p.Zero, p.Limits = s.r.grid.Zero, s.r.limits
	}
	return p
}

// result is the tensor of a product.
func (s *scaling) result(shape []int, last bool, x *tensor) *tensor {
	if s.r != nil {
		return bytesLike(shape, last, s.r.to)
	}
	return &tensor{shape: shape, last: last, elem: x.elem}
}

// multiplyBytes emits the product of rows of bytes with a matrix.
func (c *compiler) multiplyBytes(n *node, x *tensor, shape []int, b *simd.PackedBytes, s *scaling) *tensor {
	x = c.plain(x)
	rows := product(shape) / b.N
	p := s.product(0, b)
	c.integerProducts++
	out := s.result(shape, false, x)
	out.nhwc = len(shape) == 4
	return c.add(n, []*tensor{x}, out, nil, 0, rows*b.K*b.N, func(in [][]float32, out, _ []float32, part simd.Part) {
		if s.r != nil {
			p.Requantize(simd.Bytes(out), b.N, simd.Bytes(in[0]), b.K, rows, part)
			return
		}
		p.Rescale(out, b.N, simd.Bytes(in[0]), b.K, rows, part)
	})
}

// convolveBytes emits a convolution of bytes.
func (c *compiler) convolveBytes(n *node, x *tensor, conv *simd.ByteConv, s *scaling) *tensor {
	x = c.channelsLast(n, x)
	films, from, to, channels := x.shape[0], conv.In.Len(), conv.Out.Len(), conv.Out.Channels
	var products []*simd.Product
	for g, b := range conv.Groups() {
		products = append(products, s.product(g, b))
	}
	c.integerProducts++
	out := s.result([]int{films, channels, conv.Out.Height, conv.Out.Width}, true, x)
	return c.add(n, []*tensor{x}, out, nil, (conv.Scratch()+3)/4, films*conv.Work(), func(in [][]float32, out, scratch []float32, part simd.Part) {
		for i := range films {
			conv.Run(simd.Bytes(in[0])[i*from:], simd.Bytes(scratch), uint8(s.zero), part, func(g, pixel, rows int, a []uint8, lda int, part simd.Part) {
				at := i*to + pixel*channels + g*products[g].B.N
				if s.r != nil {
					products[g].Requantize(simd.Bytes(out)[at:], channels, a, lda, rows, part)
					return
				}
				products[g].Rescale(out[at:], channels, a, lda, rows, part)
			})
		}
	})
}

// integerBias is a bias in units of the sums, if it was quantized so.
func integerBias(t *tensor, scale []float32) []int32 {
	if t == nil || t.from == nil || len(t.from.ints.shape) != 1 || t.len() != len(scale) {
		return nil
	}
	own, zero, ok := t.from.by(0)
	if !ok {
		return nil
	}
	out := make([]int32, len(scale))
	for i, v := range t.from.ints.ints {
		if zero[i] != 0 || math.Abs(float64(own[i]-scale[i])) > 1e-5*math.Abs(float64(scale[i])) {
			return nil
		}
		out[i] = int32(v)
	}
	return out
}

// scaled is the scaling of a product of dequantized factors with an optional
// constant bias; ok is false if it is not to be had. The bias of a result of bytes
// was quantized; any other is added to floats.
func (c *compiler) scaled(n *node, groups []*simd.PackedBytes, x *tensor, weights []float32, bias *tensor) (s *scaling, ok bool) {
	if bias != nil && (bias.data == nil || bias.len() != len(weights)) {
		return nil, false
	}
	sums := make([]float32, len(weights)) // scale of the sums
	for i, v := range weights {
		sums[i] = x.grid.Scale * v
	}
	whole := integerBias(bias, sums)
	if r := c.requantization(n); r != nil && (bias == nil || whole != nil) {
		for i, v := range weights { // in the order of ONNX Runtime
			sums[i] = x.grid.Scale * v / r.grid.Scale
		}
		c.joinBehind(n, r.nodes...)
		return newScaling(groups, x.grid.Zero, whole, sums, nil, r), true
	}
	if whole != nil {
		return newScaling(groups, x.grid.Zero, whole, sums, nil, nil), true
	}
	var floats []float32
	if bias != nil {
		floats = bias.data
	}
	return newScaling(groups, x.grid.Zero, nil, sums, floats, nil), true
}

func (c *compiler) bytesConv(n *node, in []*tensor) (*tensor, error) {
	x, w, bias := in[0], in[1], input(in, 2)
	if !x.bytes || x.grid == nil || w.from == nil || !eightBits.has(w.from.ints.elem) || len(x.shape) != 4 || len(w.shape) != 4 {
		return nil, nil
	}
	scale, zero, ok := w.from.by(0)
	if !ok {
		return nil, nil
	}
	conv, err := c.byteConv(n, x, w.from.ints, zero)
	if conv == nil || err != nil {
		return nil, err
	}
	if bias != nil && bias.len() != conv.Out.Channels {
		return nil, corrupt(n, "bias of %d values for %d channels", bias.len(), conv.Out.Channels)
	}
	s, ok := c.scaled(n, conv.Groups(), x, scale, bias)
	if !ok {
		return nil, nil
	}
	if s.r == nil {
		s.f = c.activation(n, 4)
	}
	return c.convolveBytes(n, x, conv, s), nil
}

// byteConv packs a convolution, of one shape of weights and zero points by output
// channel; nil for a depthwise one, which is faster in floats.
func (c *compiler) byteConv(n *node, x, w *tensor, zero []int32) (*simd.ByteConv, error) {
	shape := simd.Shape{Height: x.shape[2], Width: x.shape[3], Channels: x.shape[1]}
	g, err := geometryOf(n, shape, w.shape)
	if err != nil {
		return nil, err
	}
	if g.groups > 1 && w.shape[1] == 1 {
		return nil, nil
	}
	weights, taken := signedBytes(w)
	return simd.NewByteConv(shape, g.channels, g.groups, g.window, weights, shiftedZeros(zero, taken)), nil
}

// packBytes packs a constant matrix with zero points by column.
func packBytes(w *tensor, k, n int, turned bool, zero []int32) *simd.PackedBytes {
	weights, taken := signedBytes(w)
	b := simd.NewPackedBytes(k, n, shiftedZeros(zero, taken))
	if turned {
		b.Fill(0, k, weights, 1, k)
	} else {
		b.Fill(0, k, weights, n, 1)
	}
	return b
}

// rowsOf reports whether bytes are rows that a matrix can be multiplied with.
func rowsOf(x *tensor, k int) bool {
	rank := len(x.shape)
	return x.bytes && rank >= 2 && x.shape[rank-1] == k
}

func (c *compiler) bytesMatMul(n *node, in []*tensor) (*tensor, error) {
	x, w := in[0], in[1]
	if w.from == nil || len(w.shape) != 2 || !eightBits.has(w.from.ints.elem) || !rowsOf(x, w.shape[0]) || x.grid == nil {
		return nil, nil
	}
	scale, zero, ok := w.from.by(1)
	if !ok {
		return nil, nil
	}
	b := packBytes(w.from.ints, w.shape[0], w.shape[1], false, zero)
	shape := append(append([]int(nil), x.shape[:len(x.shape)-1]...), b.N)
	s, _ := c.scaled(n, []*simd.PackedBytes{b}, x, scale, nil)
	if s.r == nil {
		copy(s.bias[0], c.addedBias(n, b.N, len(shape)))
		s.f = c.activation(n, len(shape))
	}
	return c.multiplyBytes(n, x, shape, b, s), nil
}

func (c *compiler) bytesGemm(n *node, in []*tensor) (*tensor, error) {
	x, w, bias := in[0], in[1], input(in, 2)
	if len(w.shape) != 2 || len(x.shape) != 2 || w.from == nil || !eightBits.has(w.from.ints.elem) || n.Int("transA") != 0 || n.Float("alpha") != 1 || bias != nil && n.Float("beta") != 1 {
		return nil, nil
	}
	k, cols, by, turned := w.shape[0], w.shape[1], 1, n.Int("transB") != 0
	if turned {
		k, cols, by = cols, k, 0
	}
	if !rowsOf(x, k) || x.grid == nil || bias != nil && (len(bias.shape) != 1 || bias.len() != cols) {
		return nil, nil
	}
	scale, zero, ok := w.from.by(by)
	if !ok {
		return nil, nil
	}
	b := packBytes(w.from.ints, k, cols, turned, zero)
	s, ok := c.scaled(n, []*simd.PackedBytes{b}, x, scale, bias)
	if !ok {
		return nil, nil
	}
	if s.r == nil {
		s.f = c.activation(n, 2)
	}
	return c.multiplyBytes(n, x, []int{x.shape[0], cols}, b, s), nil
}

// linear reads the factors of QLinearConv and QLinearMatMul: inputs 0 to 7. ok is
// false if they are not known, or of other shapes than ours.
func linear(in []*tensor, channels int) (r *requantization, zeroX int32, zeros []int32, factors []float32, ok bool) {
	x, scaleX, zeroOfX, scaleW, zeroW, scaleY, zeroY := in[0], in[1], in[2], in[4], in[5], in[6], in[7]
	if !x.bytes || x.grid != nil || scaleX.data == nil || scaleW.data == nil || scaleY.data == nil || zeroOfX.ints == nil || zeroW.ints == nil || zeroY.ints == nil ||
		scaleX.len() != 1 || zeroOfX.len() != 1 || scaleY.len() != 1 || zeroY.len() != 1 {
		return nil, 0, nil, nil, false
	}
	for _, t := range []*tensor{scaleW, zeroW} {
		if t.len() != 1 && (len(t.shape) != 1 || t.len() != channels) {
			return nil, 0, nil, nil, false
		}
	}
	r = &requantization{to: zeroY.elem, grid: grid(zeroY.elem, scaleY.data[0], float32(zeroY.ints[0])), limits: simd.AllBytes}
	for i := range channels {
		factors = append(factors, scaleX.data[0]*scaleW.data[i%scaleW.len()]/scaleY.data[0])
		zeros = append(zeros, int32(zeroW.ints[i%zeroW.len()]))
	}
	return r, int32(zeroOfX.ints[0]) + offset(x.elem), zeros, factors, true
}

func (c *compiler) bytesLinearConv(n *node, in []*tensor) (*tensor, error) {
	x, w, bias := in[0], in[3], input(in, 8)
	if !w.integers() || len(x.shape) != 4 || len(w.shape) != 4 {
		return nil, nil
	}
	r, zeroX, zeros, factors, ok := linear(in, w.shape[0])
	if !ok {
		return nil, nil
	}
	var whole []int32
	if bias != nil {
		if bias.ints == nil || len(bias.shape) != 1 || bias.len() != w.shape[0] {
			return nil, nil
		}
		for _, v := range bias.ints {
			whole = append(whole, int32(v))
		}
	}
	conv, err := c.byteConv(n, x, w, zeros)
	if conv == nil || err != nil {
		return nil, err
	}
	return c.convolveBytes(n, x, conv, newScaling(conv.Groups(), zeroX, whole, factors, nil, r)), nil
}

func (c *compiler) bytesLinearMatMul(n *node, in []*tensor) (*tensor, error) {
	x, w := in[0], in[3]
	if !w.integers() || len(w.shape) != 2 || !rowsOf(x, w.shape[0]) {
		return nil, nil
	}
	r, zeroX, zeros, factors, ok := linear(in, w.shape[1])
	if !ok {
		return nil, nil
	}
	b := packBytes(w, w.shape[0], w.shape[1], false, zeros)
	shape := append(append([]int(nil), x.shape[:len(x.shape)-1]...), b.N)
	return c.multiplyBytes(n, x, shape, b, newScaling([]*simd.PackedBytes{b}, zeroX, nil, factors, nil, r)), nil
}
