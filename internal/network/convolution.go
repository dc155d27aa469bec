package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/kernel"
)

func opConv(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[1].data == nil {
		return nil, unsupported(n, "weights that are not constant")
	}
	bias, err := biasOf(n, in, 2)
	if err != nil {
		return nil, err
	}
	x, shape, back, err := c.plane(n, in[0])
	if err != nil {
		return nil, err
	}
	if len(in[1].shape) != len(in[0].shape) {
		return nil, corrupt(n, "weights of shape %v for input of shape %v", in[1].shape, in[0].shape)
	}
	g, err := geometryOf(n, shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	if bias != nil && len(bias) != g.channels {
		return nil, corrupt(n, "bias of %d values for %d channels", len(bias), g.channels)
	}
	weights := in[1].data
	if scale, shift := c.norm(n); scale != nil {
		if len(scale) != g.channels {
			return nil, corrupt(n, "normalization of %d channels, not %d", len(scale), g.channels)
		}
		weights, bias = foldNorm(weights, bias, scale, shift)
	}
	f := c.activation(n, len(in[0].shape))
	return []*tensor{back(c.convolve(n, x, kernel.NewConv(shape, g.channels, g.groups, g.window, weights, bias), f))}, nil
}

// biasOf is the constant bias of a convolution at an input, or nil.
func biasOf(n *node, in []*tensor, i int) ([]float32, error) {
	if len(in) <= i || in[i] == nil {
		return nil, nil
	}
	if in[i].data == nil {
		return nil, unsupported(n, "bias that is not constant")
	}
	return in[i].data, nil
}

// A geometry is what a convolution does, without its weights.
type geometry struct {
	channels, groups int // of the result
	window           kernel.Window
}

// geometryOf reads a convolution with weights of the given shape: channels of the
// result x channels of a group x window.
func geometryOf(n *node, shape kernel.Shape, weights []int) (g geometry, err error) {
	g.groups, g.channels = n.Int("group"), weights[0]
	if g.groups < 1 || shape.Channels%g.groups != 0 || g.channels%g.groups != 0 || weights[1] != shape.Channels/g.groups || g.channels == 0 {
		return g, corrupt(n, "weights of shape %v in %d groups for %d channels", weights, g.groups, shape.Channels)
	}
	if size := n.Ints("kernel_shape"); size != nil && !slices.Equal(size, weights[2:]) {
		return g, corrupt(n, "kernel_shape %v, weights of shape %v", size, weights)
	}
	if g.window, err = window(n, shape, weights[2:]); err != nil {
		return g, err
	}
	return g, fits(n, g.window, shape)
}

// convolve emits a convolution of each film.
func (c *compiler) convolve(n *node, x *tensor, conv *kernel.Conv, f kernel.Activation) *tensor {
	films, from, to := x.shape[0], conv.In.Len(), conv.Out.Len()
	return c.share(n, []*tensor{x}, []int{films, conv.Out.Channels, conv.Out.Height, conv.Out.Width}, true, conv.Scratch(), films*conv.Work(),
		func(in [][]float32, out, scratch []float32, part kernel.Part) {
			for i := range films {
				conv.RunPart(out[i*to:][:to], in[0][i*from:][:from], scratch, f, part)
			}
		})
}

// foldNorm is weights and bias of a convolution with its normalization in them.
func foldNorm(weights, bias, scale, shift []float32) (w, b []float32) {
	per := len(weights) / len(scale)
	w, b = make([]float32, len(weights)), append([]float32(nil), shift...)
	for ch, s := range scale {
		for i := ch * per; i < (ch+1)*per; i++ {
			w[i] = weights[i] * s
		}
		if bias != nil {
			b[ch] += bias[ch] * s
		}
	}
	return w, b
}

func opBatchNorm(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if training(n) {
		return nil, unsupported(n, "training mode")
	}
	if len(in[0].shape) < 2 {
		return nil, corrupt(n, "input of shape %v", in[0].shape)
	}
	scale, shift := batchNorm(n, in[1:])
	if scale == nil || len(scale) != in[0].shape[1] {
		return nil, unsupported(n, "normalization without constant statistics for its %d channels", in[0].shape[1])
	}
	x := in[0]
	if rank := len(x.shape); rank == 3 || rank > 4 {
		x = c.view(x, []int{x.shape[0], x.shape[1], 1, product(x.shape[2:])})
	}
	if len(x.shape) == 4 {
		x = c.channelsLast(n, x)
	}
	f := c.activation(n, len(in[0].shape))
	width := len(scale)
	out := c.shareOver(n, []*tensor{x}, func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), width); i < end; i += width {
			kernel.Affine(out[i:][:width], in[0][i:], scale, shift, f)
		}
	})
	if len(in[0].shape) != len(x.shape) {
		out = c.view(out, in[0].shape)
	}
	return []*tensor{out}, nil
}

// opConvTranspose is a convolution of the input with zeros between its values,
// with the window turned about.
func opConvTranspose(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[1].data == nil {
		return nil, unsupported(n, "weights that are not constant")
	}
	bias, err := biasOf(n, in, 2)
	if err != nil {
		return nil, err
	}
	x, shape, back, err := c.plane(n, in[0])
	if err != nil {
		return nil, err
	}
	size, dims := in[1].shape, len(in[0].shape)-2
	groups := n.Int("group")
	if len(size) != len(in[0].shape) || groups < 1 || size[0] != shape.Channels || size[0]%groups != 0 || size[1] == 0 {
		return nil, corrupt(n, "weights of shape %v in %d groups for %d channels", size, groups, shape.Channels)
	}
	if k := n.Ints("kernel_shape"); k != nil && !slices.Equal(k, size[2:]) {
		return nil, corrupt(n, "kernel_shape %v, weights of shape %v", k, size)
	}
	w, err := window(n, kernel.Shape{Height: 1, Width: 1}, size[2:])
	if err != nil {
		return nil, err
	}
	if w, err = transposedPadding(n, w, shape, dims); err != nil {
		return nil, err
	}
	channels, area := size[1]*groups, w.Height*w.Width
	if bias != nil && len(bias) != channels {
		return nil, corrupt(n, "bias of %d values for %d channels", len(bias), channels)
	}
	turned := make([]float32, len(in[1].data)) // to result x input of its group x window
	perGroup := shape.Channels / groups
	for i := range shape.Channels {
		for o := range size[1] {
			to := ((i/perGroup*size[1]+o)*perGroup + i%perGroup) * area
			from := (i*size[1] + o) * area
			for k := range area {
				turned[to+k] = in[1].data[from+area-1-k]
			}
		}
	}
	if w.StrideY > 1 || w.StrideX > 1 {
		wide := []int{x.shape[0], shape.Channels, (shape.Height-1)*w.StrideY + 1, (shape.Width-1)*w.StrideX + 1}
		to := (&tensor{shape: wide, last: true}).strides()
		to[2], to[3] = to[2]*w.StrideY, to[3]*w.StrideX
		move := newMover(x.shape, to, x.strides())
		x = c.emit(n, []*tensor{x}, wide, true, func(in [][]float32, out []float32) {
			clear(out)
			move.run(out, 0, in[0], 0)
		})
		shape.Height, shape.Width = wide[2], wide[3]
		w.StrideY, w.StrideX = 1, 1
	}
	if err := fits(n, w, shape); err != nil {
		return nil, err
	}
	return []*tensor{back(c.convolve(n, x, kernel.NewConv(shape, channels, groups, w, turned, bias), c.activation(n, len(in[0].shape))))}, nil
}

// transposedPadding is the window with the padding that the convolution needs for
// the padding of a transposed one, which takes rows and columns off the result.
func transposedPadding(n *node, w kernel.Window, in kernel.Shape, dims int) (kernel.Window, error) {
	moreY, moreX, err := sides(n, "output_padding", dims, 0, 0)
	if err != nil {
		return w, err
	}
	wantY, wantX, err := sides(n, "output_shape", dims, 0, 0)
	if err != nil {
		return w, err
	}
	side := func(in, size, stride, dilation, before, after, more, want int) (int, int) {
		reach := (size - 1) * dilation
		switch mode := n.Text("auto_pad"); {
		case want > 0:
		case mode == "SAME_UPPER" || mode == "SAME_LOWER":
			want = in * stride
		}
		if want > 0 {
			total := max(0, stride*(in-1)+more+reach+1-want)
			before, after = total-total/2, total/2
			if n.Text("auto_pad") == "SAME_UPPER" {
				before, after = total/2, total-total/2
			}
		}
		return reach - before, reach - after + more
	}
	rowsWanted := wantY
	if dims == 1 {
		rowsWanted = 0
	}
	w.Top, w.Bottom = side(in.Height, w.Height, w.StrideY, w.DilationY, w.Top, w.Bottom, moreY, rowsWanted)
	w.Left, w.Right = side(in.Width, w.Width, w.StrideX, w.DilationX, w.Left, w.Right, moreX, wantX)
	for _, v := range []int{w.Top, w.Left, w.Bottom, w.Right} {
		if v < 0 || v > maxSide {
			return w, unsupported(n, "padding beyond the window")
		}
	}
	return w, nil
}
