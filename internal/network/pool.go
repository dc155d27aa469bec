package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// pooling computes one film.
type pooling func(dst, src []float32, in simd.Shape, w simd.Window)

func opMaxPool(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	return c.pool(n, in[0], func(simd.Window) pooling { return simd.MaxPool })
}

func opAveragePool(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	return c.pool(n, in[0], func(w simd.Window) pooling {
		if n.Int("count_include_pad") == 0 {
			w.Top, w.Left, w.Bottom, w.Right = 0, 0, 0, 0
		}
		// What ceil_mode adds behind the padding is not counted.
		return func(dst, src []float32, in simd.Shape, window simd.Window) {
			simd.AveragePool(dst, src, in, window, simd.Padding{Top: w.Top, Left: w.Left, Bottom: w.Bottom, Right: w.Right})
		}
	})
}

// opLpPool is the norm of each window.
func opLpPool(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	p := float64(n.Int("p"))
	if p < 1 {
		return nil, corrupt(n, "norm of order %v", p)
	}
	t := c.each(n, in[0], func(v float32) float32 { return float32(math.Pow(math.Abs(float64(v)), p)) })
	sums, err := c.pool(n, t, func(w simd.Window) pooling {
		return func(dst, src []float32, in simd.Shape, window simd.Window) {
			simd.AveragePool(dst, src, in, window, simd.Padding{Sum: true})
		}
	})
	if err != nil {
		return nil, err
	}
	return []*tensor{c.each(n, sums[0], func(v float32) float32 { return float32(math.Pow(float64(v), 1/p)) })}, nil
}

// pool slides a window over each film; f is told the window as the node has it,
// before ceil_mode.
func (c *compiler) pool(n *node, t *tensor, f func(w simd.Window) pooling) ([]*tensor, error) {
	x, shape, back, err := c.plane(n, t)
	if err != nil {
		return nil, err
	}
	size := n.Ints("kernel_shape")
	if len(size) != len(t.shape)-2 {
		return nil, corrupt(n, "kernel_shape %v for shape %v", size, t.shape)
	}
	w, err := window(n, shape, size)
	if err != nil {
		return nil, err
	}
	run := f(w)
	w = ceilMode(n, shape, w)
	if err := fits(n, w, shape); err != nil {
		return nil, err
	}
	if !w.Reaches(shape) {
		return nil, unsupported(n, "window that lies in the padding: %+v over %d x %d", w, shape.Height, shape.Width)
	}
	return []*tensor{back(c.slide(n, x, shape, w, run))}, nil
}

// slide emits pooling of each film.
func (c *compiler) slide(n *node, x *tensor, shape simd.Shape, w simd.Window, f pooling) *tensor {
	height, width := w.Out(shape)
	films, from, row := x.shape[0], shape.Len(), width*shape.Channels
	work := perMove * films * from
	if height == 1 { // which is not shared
		work = 0
	}
	return c.share(n, []*tensor{x}, []int{films, shape.Channels, height, width}, true, 0, work, func(in [][]float32, out, _ []float32, part simd.Part) {
		first, end := part.Span(height, 1)
		if first == end {
			return
		}
		rows := w // those of the share
		rows.Top, rows.Bottom = w.Top-first*w.StrideY, w.Bottom-(height-end)*w.StrideY
		for i := range films {
			f(out[(i*height+first)*row:][:(end-first)*row], in[0][i*from:][:from], shape, rows)
		}
	})
}

func opGlobalAveragePool(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	return c.global(n, in[0], func(dst, src []float32, in simd.Shape, w simd.Window) {
		simd.AveragePool(dst, src, in, w, simd.Padding{})
	})
}

func opGlobalMaxPool(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	return c.global(n, in[0], simd.MaxPool)
}

func (c *compiler) global(n *node, t *tensor, f pooling) ([]*tensor, error) {
	x, shape, back, err := c.plane(n, t)
	if err != nil {
		return nil, err
	}
	return []*tensor{back(c.slide(n, x, shape, whole(shape), f))}, nil
}

// whole is a window over all of a feature map.
func whole(in simd.Shape) simd.Window {
	return simd.Window{Height: in.Height, Width: in.Width, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
}

// opLRN divides by a sum of squares over neighboring channels.
func opLRN(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	size := n.Int("size")
	if len(in[0].shape) < 3 || size < 1 || size > maxSide {
		return nil, corrupt(n, "size %d over shape %v", size, in[0].shape)
	}
	alpha, beta, bias := float64(n.Float("alpha")), float64(n.Float("beta")), float64(n.Float("bias"))
	before, after := (size-1)/2, size-1-(size-1)/2
	channels := in[0].shape[1]
	out := c.along(n, in[0], 1, func(dst, src []float32) {
		squares := make([]float64, channels+1) // sums up to each channel
		for i, v := range src {
			squares[i+1] = squares[i] + float64(v)*float64(v)
		}
		for i, v := range src {
			sum := squares[min(i+after+1, channels)] - squares[max(i-before, 0)]
			dst[i] = float32(float64(v) / math.Pow(bias+alpha/float64(size)*sum, beta))
		}
	})
	return []*tensor{out}, nil
}
