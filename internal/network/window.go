package network

import (
	"github.com/cxrkit/cxrkit/internal/simd"
)

// maxSide bounds windows, strides and padding.
const maxSide = 1 << 14

// plane is a feature map of one or two dimensions beside films and channels,
// stored with its channels last, with its shape; and what makes the result of one
// dimension again of a result of two.
func (c *compiler) plane(n *node, t *tensor) (*tensor, simd.Shape, func(*tensor) *tensor, error) {
	back := func(t *tensor) *tensor { return t }
	switch len(t.shape) {
	case 3: // of one dimension: a map of one row
		t = c.view(t, []int{t.shape[0], t.shape[1], 1, t.shape[2]})
		back = func(t *tensor) *tensor { return c.view(t, []int{t.shape[0], t.shape[1], t.shape[3]}) }
	case 4:
	default:
		return nil, simd.Shape{}, nil, unsupported(n, "input of shape %v, want films x channels and one or two dimensions", t.shape)
	}
	if t.ints != nil {
		return nil, simd.Shape{}, nil, unsupported(n, "constant input of %v", t.elem)
	}
	t = c.channelsLast(n, t)
	return t, simd.Shape{Height: t.shape[2], Width: t.shape[3], Channels: t.shape[1]}, back, nil
}

// sides reads an attribute of one number for each dimension of the window.
func sides(n *node, name string, dims, low, otherwise int) (y, x int, err error) {
	list := n.Ints(name)
	if list == nil {
		if dims == 1 {
			return max(low, min(otherwise, 1)), otherwise, nil
		}
		return otherwise, otherwise, nil
	}
	if len(list) != dims {
		return 0, 0, corrupt(n, "%s %v for %d dimensions", name, list, dims)
	}
	for _, v := range list {
		if v < low || v > maxSide {
			return 0, 0, corrupt(n, "%s %v", name, list)
		}
	}
	if dims == 1 {
		return max(low, min(otherwise, 1)), list[0], nil
	}
	return list[0], list[1], nil
}

// window reads strides, dilations, pads and auto_pad of a window of the given
// size over the dimensions behind films and channels.
func window(n *node, in simd.Shape, size []int) (w simd.Window, err error) {
	dims := len(size)
	if dims == 1 {
		size = []int{1, size[0]}
	}
	if len(size) != 2 {
		return w, unsupported(n, "window of %d dimensions", dims)
	}
	w.Height, w.Width = size[0], size[1]
	if w.Height < 1 || w.Width < 1 || w.Height > maxSide || w.Width > maxSide {
		return w, corrupt(n, "window of %v", size)
	}
	if w.StrideY, w.StrideX, err = sides(n, "strides", dims, 1, 1); err != nil {
		return w, err
	}
	w.DilationY, w.DilationX = 1, 1
	if _, ok := n.row.attributes["dilations"]; ok {
		if w.DilationY, w.DilationX, err = sides(n, "dilations", dims, 1, 1); err != nil {
			return w, err
		}
	}
	if p := n.Ints("pads"); p != nil {
		if len(p) != 2*dims {
			return w, corrupt(n, "pads %v for %d dimensions", p, dims)
		}
		if dims == 1 {
			p = []int{0, p[0], 0, p[1]}
		}
		w.Top, w.Left, w.Bottom, w.Right = p[0], p[1], p[2], p[3]
	}
	same := func(in, size, stride, dilation int) (total int) {
		return max(0, ((in+stride-1)/stride-1)*stride+(size-1)*dilation+1-in)
	}
	switch mode := n.Text("auto_pad"); mode {
	case "NOTSET", "":
	case "SAME_UPPER", "SAME_LOWER":
		y, x := same(in.Height, w.Height, w.StrideY, w.DilationY), same(in.Width, w.Width, w.StrideX, w.DilationX)
		w.Top, w.Bottom, w.Left, w.Right = y/2, y-y/2, x/2, x-x/2
		if mode == "SAME_LOWER" {
			w.Top, w.Bottom, w.Left, w.Right = w.Bottom, w.Top, w.Right, w.Left
		}
	case "VALID":
		w.Top, w.Left, w.Bottom, w.Right = 0, 0, 0, 0
	default:
		return w, corrupt(n, "auto_pad %q", mode)
	}
	for _, v := range []int{w.Top, w.Left, w.Bottom, w.Right} {
		if v < 0 || v > maxSide {
			return w, unsupported(n, "pads %v", []int{w.Top, w.Left, w.Bottom, w.Right})
		}
	}
	return w, nil
}

// fits reports a window that does not fit into what it slides over.
func fits(n *node, w simd.Window, in simd.Shape) error {
	if height, width := w.Out(in); height < 1 || width < 1 || in.Height+w.Top+w.Bottom <= (w.Height-1)*w.DilationY || in.Width+w.Left+w.Right <= (w.Width-1)*w.DilationX {
		return corrupt(n, "window of %d x %d over %d x %d", w.Height, w.Width, in.Height, in.Width)
	}
	return nil
}

// ceilMode widens the padding at the end so that no input is left out.
func ceilMode(n *node, in simd.Shape, w simd.Window) simd.Window {
	if _, ok := n.row.attributes["ceil_mode"]; !ok || n.Int("ceil_mode") == 0 {
		return w
	}
	extra := func(in, before, after, size, stride, dilation int) int {
		rest := (in + before + after - (size-1)*dilation - 1) % stride
		if rest <= 0 {
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
