package network

import (
	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// window reads kernel_shape, strides, dilations, pads and auto_pad.
func window(n *onnx.Node, in kernel.Shape, size []int) (kernel.Window, error) {
	w := kernel.Window{StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
	if size == nil {
		size = n.Ints("kernel_shape")
	}
	if len(size) != 2 {
		return w, unsupported(n, "window of %d dimensions", len(size))
	}
	w.Height, w.Width = size[0], size[1]
	if s := n.Ints("strides"); len(s) == 2 {
		w.StrideY, w.StrideX = s[0], s[1]
	}
	if d := n.Ints("dilations"); len(d) == 2 {
		w.DilationY, w.DilationX = d[0], d[1]
	}
	if p := n.Ints("pads"); len(p) == 4 {
		w.Top, w.Left, w.Bottom, w.Right = p[0], p[1], p[2], p[3]
	}
	for _, v := range []int{w.Height, w.Width, w.StrideY, w.StrideX, w.DilationY, w.DilationX} {
		if v < 1 || v > 1<<14 {
			return w, corrupt(n, "window %+v", w)
		}
	}
	same := func(in, size, stride, dilation int) (total int) {
		return max(0, ((in+stride-1)/stride-1)*stride+(size-1)*dilation+1-in)
	}
	switch mode := n.Text("auto_pad"); mode {
	case "SAME_UPPER", "SAME_LOWER":
		y, x := same(in.Height, w.Height, w.StrideY, w.DilationY), same(in.Width, w.Width, w.StrideX, w.DilationX)
		w.Top, w.Bottom, w.Left, w.Right = y/2, y-y/2, x/2, x-x/2
		if mode == "SAME_LOWER" {
			w.Top, w.Bottom, w.Left, w.Right = w.Bottom, w.Top, w.Right, w.Left
		}
	case "VALID":
		w.Top, w.Left, w.Bottom, w.Right = 0, 0, 0, 0
	}
	for _, v := range []int{w.Top, w.Left, w.Bottom, w.Right} {
		if v < 0 || v > 1<<14 {
			return w, corrupt(n, "window %+v", w)
		}
	}
	return w, nil
}

// ceilMode widens the padding at the end so that no input is left out.
func ceilMode(n *onnx.Node, in kernel.Shape, w kernel.Window) kernel.Window {
	if n.Int("ceil_mode", 0) == 0 {
		return w
	}
	extra := func(in, before, after, size, stride, dilation int) int {
		rest := (in + before + after - (size-1)*dilation - 1) % stride
		if rest == 0 {
			return after
		}
		grown := after + stride - rest
		// A window must start within the input or the padding before it.
		if outs := (in + before + grown - (size-1)*dilation - 1) / stride; outs*stride >= in+before {
			return after
		}
		return grown
	}
	w.Bottom = extra(in.Height, w.Top, w.Bottom, w.Height, w.StrideY, w.DilationY)
	w.Right = extra(in.Width, w.Left, w.Right, w.Width, w.StrideX, w.DilationX)
	return w
}

// feature is a feature map stored with its channels last, and its shape.
func (c *compiler) feature(n *onnx.Node, t *tensor) (*tensor, kernel.Shape, error) {
	if t == nil || len(t.shape) != 4 || t.known() {
		return nil, kernel.Shape{}, unsupported(n, "input that is no feature map")
	}
	t = c.channelsLast(n, t)
	return t, kernel.Shape{Height: t.shape[2], Width: t.shape[3], Channels: t.shape[1]}, nil
}

func opConv(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) < 2 || in[1] == nil || in[1].data == nil || len(in[1].shape) != 4 {
		return nil, unsupported(n, "convolution without constant weights of four dimensions")
	}
	x, shape, err := c.feature(n, in[0])
	if err != nil {
		return nil, err
	}
	weights, bias, size := in[1].data, []float32(nil), in[1].shape
	groups, channels := n.Int("group", 1), size[0]
	if groups < 1 || shape.Channels%groups != 0 || channels%groups != 0 || size[1] != shape.Channels/groups || channels == 0 {
		return nil, corrupt(n, "weights of shape %v in %d groups for %d channels", size, groups, shape.Channels)
	}
	w, err := window(n, shape, size[2:])
	if err != nil {
		return nil, err
	}
	if len(in) > 2 && in[2] != nil {
		if bias = in[2].data; len(bias) != channels {
			return nil, corrupt(n, "bias of %d values for %d channels", len(bias), channels)
		}
	}
	if h, wd := w.Out(shape); h < 1 || wd < 1 {
		return nil, corrupt(n, "window %+v over %d x %d", w, shape.Height, shape.Width)
	}
	if scale, shift := c.norm(n); scale != nil {
		if len(scale) != channels {
			return nil, corrupt(n, "normalization of %d channels, not %d", len(scale), channels)
		}
		weights, bias = foldNorm(weights, bias, scale, shift)
	}
	f := c.activation(n)
	conv := kernel.NewConv(shape, channels, groups, w, weights, bias)
	out := c.share(n, []*tensor{x}, []int{1, channels, conv.Out.Height, conv.Out.Width}, true, conv.Scratch(), conv.Out.Len()*product(size[1:]),
		func(in [][]float32, out, scratch []float32, part kernel.Part) {
			conv.RunPart(out, in[0], scratch, f, part)
		})
	return []*tensor{out}, nil
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

func opBatchNorm(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 5 || len(in[0].shape) < 2 {
		return nil, corrupt(n, "%d inputs", len(in))
	}
	scale, shift := batchNorm(n, in[1:])
	if scale == nil || len(scale) != in[0].shape[1] {
		return nil, unsupported(n, "normalization without constant statistics for its channels")
	}
	x := in[0]
	if len(x.shape) == 4 {
		x = c.channelsLast(n, x)
	} else if len(x.shape) != 2 {
		return nil, unsupported(n, "normalization of shape %v", x.shape)
	}
	f := c.activation(n)
	width := len(scale)
	return []*tensor{c.shareOver(n, []*tensor{x}, func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), width); i < end; i += width {
			kernel.Affine(out[i:][:width], in[0][i:], scale, shift, f)
		}
	})}, nil
}

func opMaxPool(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	return c.pool(n, in[0], kernel.MaxPool)
}

func opAveragePool(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	padded := n.Int("count_include_pad", 0) == 1
	return c.pool(n, in[0], func(dst, src []float32, in kernel.Shape, w kernel.Window) {
		kernel.AveragePool(dst, src, in, w, padded)
	})
}

func (c *compiler) pool(n *onnx.Node, t *tensor, f func(dst, src []float32, in kernel.Shape, w kernel.Window)) ([]*tensor, error) {
	x, shape, err := c.feature(n, t)
	if err != nil {
		return nil, err
	}
	w, err := window(n, shape, nil)
	if err != nil {
		return nil, err
	}
	w = ceilMode(n, shape, w)
	height, width := w.Out(shape)
	if height < 1 || width < 1 || !w.Reaches(shape) {
		return nil, corrupt(n, "window %+v over %d x %d", w, shape.Height, shape.Width)
	}
	return []*tensor{c.emit(n, []*tensor{x}, []int{1, shape.Channels, height, width}, true,
		func(in [][]float32, out []float32) { f(out, in[0], shape, w) })}, nil
}

func opGlobalAveragePool(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	return c.global(n, in[0], func(dst, src []float32, in kernel.Shape, w kernel.Window) { kernel.AveragePool(dst, src, in, w, false) })
}

func opGlobalMaxPool(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	return c.global(n, in[0], kernel.MaxPool)
}

func (c *compiler) global(n *onnx.Node, t *tensor, f func(dst, src []float32, in kernel.Shape, w kernel.Window)) ([]*tensor, error) {
	x, shape, err := c.feature(n, t)
	if err != nil {
		return nil, err
	}
	w := kernel.Window{Height: shape.Height, Width: shape.Width, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
	return []*tensor{c.emit(n, []*tensor{x}, []int{1, shape.Channels, 1, 1}, true,
		func(in [][]float32, out []float32) { f(out, in[0], shape, w) })}, nil
}
