package simd

// A Shape is the size of a film or feature map, channels last.
type Shape struct{ Height, Width, Channels int }

// Len is the number of values.
func (s Shape) Len() int { return s.Height * s.Width * s.Channels }

// A Window slides over a feature map: convolution or pooling.
type Window struct {
	Height, Width        int // of the window
	StrideY, StrideX     int
	DilationY, DilationX int
	Top, Left            int // padding before the first row and column
	Bottom, Right        int
}

// Out is the height and width of what a window makes of in.
func (w Window) Out(in Shape) (height, width int) {
	height = (in.Height+w.Top+w.Bottom-(w.Height-1)*w.DilationY-1)/w.StrideY + 1
	width = (in.Width+w.Left+w.Right-(w.Width-1)*w.DilationX-1)/w.StrideX + 1
	return height, width
}

// A Conv is a convolution. It is shared by all that run it, the first of whom packs
// its weights.
type Conv struct {
	In, Out Shape
	Window
	groups int
	packed []*Packed    // one for each group; nil for a depthwise convolution
	deep   *channelwise // a depthwise convolution
	fast   *winograd    // a convolution of 3x3 pixels
	later  *later       // packs the weights; nil: they are
}

// NewConv takes weights in ONNX's order, Out.Channels x In.Channels/groups x
// Height x Width, and a bias for each output channel, or nil. It keeps the weights,
// which must not change, until it first runs.
//
// Windows of 3x3 that Winograd's algorithm does, and depthwise ones, are of single
// precision all the same.
func NewConv(in Shape, channels, groups int, w Window, weights, bias []float32, precision Precision) *Conv {
	return newConv(in, channels, groups, w, weights, bias, false, precision)
}

// NewExactConv is NewConv of integers: sums up to 2^24 are exact, which Winograd's
// algorithm does not keep.
func NewExactConv(in Shape, channels, groups int, w Window, weights []float32) *Conv {
	return newConv(in, channels, groups, w, weights, nil, true, Single)
}

func newConv(in Shape, channels, groups int, w Window, weights, bias []float32, exact bool, precision Precision) *Conv {
	c := &Conv{In: in, Window: w, groups: groups}
	c.Out.Height, c.Out.Width = w.Out(in)
	c.Out.Channels = channels
	perGroup, outPerGroup, area := in.Channels/groups, channels/groups, w.Height*w.Width
	if len(weights) < channels*perGroup*area {
		panic("kernel: weights too short")
	}
	if perGroup == 1 && outPerGroup == 1 {
		if c.deep = newChannelwise(c, weights, bias); c.deep != nil {
			return c
		}
	}
	if !exact {
		if c.fast = newWinograd(c, weights, bias); c.fast != nil {
			return c
		}
	}
	if perGroup%2 != 0 {
		precision = Single // pairs along the depth would be of two taps
	}
	for g := range groups {
		var b []float32
		if bias != nil {
			b = bias[g*outPerGroup:][:outPerGroup]
		}
		// Rows of im2col are tap by tap, channel by channel.
		c.packed = append(c.packed, newPacked(area*perGroup, outPerGroup, b, precision))
	}
	c.later = &later{do: func() {
		for g, p := range c.packed {
			p.clear()
			for tap := range area {
				p.fillRows(tap*perGroup, perGroup, weights[g*outPerGroup*perGroup*area+tap:], area, perGroup*area)
			}
		}
	}}
	return c
}

// pointwise reports whether im2col would copy the input as it is.
func (c *Conv) pointwise() bool {
	return c.groups == 1 && c.Height == 1 && c.Width == 1 && c.StrideX == 1 && c.StrideY == 1 && c.Top|c.Left|c.Bottom|c.Right == 0
}

// taps is how many taps of the window are gathered at once.
func (c *Conv) taps() int {
	return min(max(1, maxDepth*c.groups/c.In.Channels), c.Height*c.Width)
}

// Scratch is how many values of scratch memory a RunPart needs.
func (c *Conv) Scratch() int {
	switch {
	case c.fast != nil:
		return c.fast.scratch()
	case c.deep != nil || c.pointwise():
		return 0
	case c.direct():
		return c.directScratch()
	}
	return rowBlock * c.taps() * c.In.Channels / c.groups
}

// Work is how many multiplications a plain sum would take.
func (c *Conv) Work() int { return c.Out.Len() * c.Height * c.Width * c.In.Channels / c.groups }

// Weights is how many weights it has.
func (c *Conv) Weights() int { return c.Out.Channels * c.Height * c.Width * c.In.Channels / c.groups }

// Run computes the convolution of src into dst, and f of it. Scratch has at
// least Scratch() values.
func (c *Conv) Run(dst, src, scratch []float32, f Activation) { c.RunPart(dst, src, scratch, f, Whole) }

// RunPart is a share of Run. Shares that run together need scratch of their own.
func (c *Conv) RunPart(dst, src, scratch []float32, f Activation, part Part) {
	src, dst = src[:c.In.Len()], dst[:c.Out.Len()]
	c.later.ready()
	switch {
	case c.deep != nil:
		c.deep.run(dst, src, f, part)
	case c.fast != nil:
		c.fast.run(dst, src, scratch, f, part)
	case c.pointwise():
		GemmPart(dst, c.Out.Channels, src, c.In.Channels, c.Out.Height*c.Out.Width, c.packed[0], f, part)
	case c.direct():
		c.runDirect(dst, src, scratch, f, part)
	default:
		for g := range c.packed {
			c.group(g, dst, src, scratch, f, part)
		}
	}
}

// group computes one group, some pixels and taps at a time.
func (c *Conv) group(g int, dst, src, scratch []float32, f Activation, part Part) {
	perGroup, out, p := c.In.Channels/c.groups, c.Out.Channels, c.packed[g]
	pixels, columns := p.split(c.Out.Height*c.Out.Width, part)
	taps, area := c.taps(), c.Height*c.Width
	for i := range pieces(pixels, rowBlock) {
		r := piece(pixels, rowBlock, i, p.unit)
		to := dst[r.first*out+g*p.N:]
		for t := 0; t < area; t += taps {
			n := min(taps, area-t)
			width := n * perGroup
			c.gather(scratch, src[g*perGroup:], perGroup, r, t, n)
			for k := 0; k < width; k += maxDepth {
				p.multiply(to, out, scratch[k:], width, r.n(), t*perGroup+k, min(maxDepth, width-k), columns)
			}
		}
		p.apply(to, out, r.n(), f, columns)
	}
}

// gather writes some taps of the windows of output pixels, a window a row.
func (c *Conv) gather(dst, src []float32, channels int, pixels extent, tap, taps int) {
	row := c.In.Width * c.In.Channels
	for p := pixels.first; p < pixels.end; p++ {
		y0, x0 := p/c.Out.Width*c.StrideY-c.Top, p%c.Out.Width*c.StrideX-c.Left
		inside := x0 >= 0 && x0+(c.Width-1)*c.DilationX < c.In.Width && channels == c.In.Channels && c.DilationX == 1
		for t := tap; t < tap+taps; {
			ky, kx := t/c.Width, t%c.Width
			run := min(c.Width-kx, tap+taps-t) // taps side by side
			t += run
			y := y0 + ky*c.DilationY
			if y < 0 || y >= c.In.Height {
				clear(dst[:run*channels])
				dst = dst[run*channels:]
				continue
			}
			if inside {
				copy(dst[:run*channels], src[y*row+(x0+kx)*channels:])
				dst = dst[run*channels:]
				continue
			}
			for ; run > 0; run-- {
				if x := x0 + kx*c.DilationX; x < 0 || x >= c.In.Width {
					clear(dst[:channels])
				} else {
					copy(dst[:channels], src[y*row+x*c.In.Channels:])
				}
				dst = dst[channels:]
				kx++
			}
		}
	}
}
