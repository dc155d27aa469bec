package network

import (
	"slices"

	"github.com/cxrkit/cxrkit/internal/simd"
)

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
	w, err := window(n, simd.Shape{Height: 1, Width: 1}, size[2:])
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
			move.run(out, 0, in[0], 0, simd.Whole)
		})
		shape.Height, shape.Width = wide[2], wide[3]
		w.StrideY, w.StrideX = 1, 1
	}
	if err := fits(n, w, shape); err != nil {
		return nil, err
	}
	return []*tensor{back(c.convolve(n, x, simd.NewConv(shape, channels, groups, w, turned, bias, c.precision), c.activation(n, len(in[0].shape))))}, nil
}

// transposedPadding is the window with the padding that the convolution needs for
// the padding of a transposed one, which takes rows and columns off the result.
func transposedPadding(n *node, w simd.Window, in simd.Shape, dims int) (simd.Window, error) {
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
			switch total := stride*(in-1) + more + reach + 1 - want; {
			case total < 0: // more at the end
				before, after = 0, total
			case n.Text("auto_pad") == "SAME_UPPER":
				before, after = total/2, total-total/2
			default:
				before, after = total-total/2, total/2
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
