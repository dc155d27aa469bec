package kernel

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

// A Conv is a convolution with its weights packed: immutable and shared.
type Conv struct {
	In, Out Shape
	Window
	groups int
	packed []*Packed // one for each group; nil for a depthwise convolution
	// Depthwise: taps x channels, and a bias for each channel.
	taps, bias []float32
}

// NewConv packs weights in ONNX's order, Out.Channels x In.Channels/groups x
// Height x Width, and a bias for each output channel, or nil.
func NewConv(in Shape, channels, groups int, w Window, weights, bias []float32) *Conv {
	c := &Conv{In: in, Window: w, groups: groups}
	c.Out.Height, c.Out.Width = w.Out(in)
	c.Out.Channels = channels
	perGroup, outPerGroup, area := in.Channels/groups, channels/groups, w.Height*w.Width
	if perGroup == 1 && outPerGroup == 1 {
		c.taps = make([]float32, area*channels)
		for ch := range channels {
			for t := range area {
				c.taps[t*channels+ch] = weights[ch*area+t]
			}
		}
		c.bias = make([]float32, channels)
		copy(c.bias, bias)
		return c
	}
	for g := range groups {
		var b []float32
		if bias != nil {
			b = bias[g*outPerGroup:][:outPerGroup]
		}
		// Rows of im2col are tap by tap, channel by channel.
		c.packed = append(c.packed, Pack(area*perGroup, outPerGroup, func(k, n int) float32 {
			tap, ch := k/perGroup, k%perGroup
			return weights[((g*outPerGroup+n)*perGroup+ch)*area+tap]
		}, b))
	}
	return c
}

// pointwise reports whether im2col would copy the input as it is.
func (c *Conv) pointwise() bool {
	return c.groups == 1 && c.Height == 1 && c.Width == 1 && c.StrideX == 1 && c.StrideY == 1 && c.Top|c.Left|c.Bottom|c.Right == 0
}

// Scratch is how many values of scratch memory Run needs.
func (c *Conv) Scratch() int {
	if c.taps != nil {
		return 0
	}
	if c.pointwise() {
		return 0
	}
	return rowBlock * c.packed[0].K
}

// Run computes the convolution of src into dst, and f of it. Scratch has at
// least Scratch() values.
func (c *Conv) Run(dst, src, scratch []float32, f Activation) {
	src, dst = src[:c.In.Len()], dst[:c.Out.Len()]
	pixels := c.Out.Height * c.Out.Width
	switch {
	case c.taps != nil:
		c.depthwise(dst, src, f)
	case c.pointwise():
		Gemm(dst, c.Out.Channels, src, c.In.Channels, pixels, c.packed[0], f)
	default:
		perGroup, outPerGroup := c.In.Channels/c.groups, c.Out.Channels/c.groups
		for g, b := range c.packed {
			for p := 0; p < pixels; p += rowBlock {
				n := min(rowBlock, pixels-p)
				c.gather(scratch, src[g*perGroup:], perGroup, p, n)
				Gemm(dst[p*c.Out.Channels+g*outPerGroup:], c.Out.Channels, scratch, b.K, n, b, f)
			}
		}
	}
}

// gather writes the windows of output pixels first..first+n, one a row.
func (c *Conv) gather(dst, src []float32, channels, first, n int) {
	row := c.In.Width * c.In.Channels
	for p := first; p < first+n; p++ {
		y0, x0 := p/c.Out.Width*c.StrideY-c.Top, p%c.Out.Width*c.StrideX-c.Left
		inside := x0 >= 0 && x0+(c.Width-1)*c.DilationX < c.In.Width
		for ky := range c.Height {
			y := y0 + ky*c.DilationY
			if y < 0 || y >= c.In.Height {
				clear(dst[:c.Width*channels])
				dst = dst[c.Width*channels:]
				continue
			}
			if inside && channels == c.In.Channels && c.DilationX == 1 { // a run of pixels
				copy(dst[:c.Width*channels], src[y*row+x0*channels:])
				dst = dst[c.Width*channels:]
				continue
			}
			for kx := range c.Width {
				if x := x0 + kx*c.DilationX; x < 0 || x >= c.In.Width {
					clear(dst[:channels])
				} else {
					copy(dst[:channels], src[y*row+x*c.In.Channels:])
				}
				dst = dst[channels:]
			}
		}
	}
}

func (c *Conv) depthwise(dst, src []float32, f Activation) {
	xs, ws := make([]int, c.Height*c.Width), make([]int, c.Height*c.Width)
	channels := c.In.Channels
	for p := range c.Out.Height * c.Out.Width {
		y0, x0 := p/c.Out.Width*c.StrideY-c.Top, p%c.Out.Width*c.StrideX-c.Left
		n := 0
		for ky := range c.Height {
			y := y0 + ky*c.DilationY
			if y < 0 || y >= c.In.Height {
				continue
			}
			for kx := range c.Width {
				if x := x0 + kx*c.DilationX; x >= 0 && x < c.In.Width {
					xs[n], ws[n] = 4*(y*c.In.Width+x)*channels, 4*(ky*c.Width+kx)*channels
					n++
				}
			}
		}
		out := dst[p*channels:][:channels]
		for ch := depthwisePixel(out, c.bias, src, c.taps, xs[:n], ws[:n]); ch < channels; ch++ {
			sum := c.bias[ch]
			for t := range n {
				sum += src[xs[t]/4+ch] * c.taps[ws[t]/4+ch]
			}
			out[ch] = sum
		}
		f.Apply(out)
	}
}
