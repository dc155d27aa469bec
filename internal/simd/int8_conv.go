package simd

// A ByteConv is a convolution of bytes with its weights packed: immutable and
// shared.
type ByteConv struct {
	In, Out Shape
	Window
	groups int
	packed []*PackedBytes // one for each group
}

// NewByteConv packs weights in ONNX's order, and their zero points, of each output
// channel, or nil.
func NewByteConv(in Shape, channels, groups int, w Window, weights []int8, zeros []int32) *ByteConv {
	c := &ByteConv{In: in, Window: w, groups: groups}
	c.Out.Height, c.Out.Width = w.Out(in)
	c.Out.Channels = channels
	perGroup, outPerGroup, area := in.Channels/groups, channels/groups, w.Height*w.Width
	for g := range groups {
		var z []int32
		if zeros != nil {
			z = zeros[g*outPerGroup:][:outPerGroup]
		}
		p := NewPackedBytes(area*perGroup, outPerGroup, z)
		for tap := range area {
			p.Fill(tap*perGroup, perGroup, weights[g*outPerGroup*perGroup*area+tap:], area, perGroup*area)
		}
		c.packed = append(c.packed, p)
	}
	return c
}

// Groups are the matrices of the groups.
func (c *ByteConv) Groups() []*PackedBytes { return c.packed }

// direct reports whether rows of the input are rows of the product.
func (c *ByteConv) direct() bool {
	return c.groups == 1 && c.Height == 1 && c.Width == 1 && c.StrideX == 1 && c.StrideY == 1 && c.Top|c.Left|c.Bottom|c.Right == 0
}

// rows is how many windows are gathered at once, to stay in the cache.
func (c *ByteConv) rows() int {
	const most = 1 << 18
	if l := byteKernels(); l != nil && l.unit != nil { // which reads weights sooner than they come
		return max(unitRows, min(unitBlock, 2*most/c.packed[0].Depth()/unitRows*unitRows))
	}
	return max(24, min(rowBlock, most/c.packed[0].Depth()/12*12))
}

// Scratch is how many bytes of scratch memory a Run needs.
func (c *ByteConv) Scratch() int {
	if c.direct() {
		return 0
	}
	return c.rows() * c.packed[0].Depth()
}

// Work is how many multiplications it is.
func (c *ByteConv) Work() int { return c.Out.Len() * c.packed[0].K }

// Run computes a share of the convolution of src, of which the given byte is 0, and
// lets store make what it wants of some rows of each group's product: rows of a,
// lda apart, are of the output's pixels from the given one. It is called with
// shares of rows or, where there are few, of columns.
func (c *ByteConv) Run(src, scratch []uint8, zero uint8, part Part, store func(g, pixel, rows int, a []uint8, lda int, part Part)) {
	all := c.Out.Height * c.Out.Width
	if c.direct() {
		store(0, 0, all, src, c.In.Channels, part)
		return
	}
	pixels, columns := extent{0, all}, part
	if all >= 24*part.Of {
		pixels, columns = part.of(pixels), Whole
	}
	depth, perGroup := c.packed[0].Depth(), c.In.Channels/c.groups
	for g := range c.packed {
		for first := pixels.first; first < pixels.end; first += c.rows() {
			e := extent{first, min(first+c.rows(), pixels.end)}
			c.gather(scratch, src[g*perGroup:], perGroup, depth, e, zero)
			store(g, first, e.n(), scratch, depth, columns)
		}
	}
}

// gather writes the windows of output pixels, a window a row.
func (c *ByteConv) gather(dst, src []uint8, channels, depth int, pixels extent, zero uint8) {
	row := c.In.Width * c.In.Channels
	for p := pixels.first; p < pixels.end; p++ {
		to := dst[:depth]
		dst = dst[depth:]
		y0, x0 := p/c.Out.Width*c.StrideY-c.Top, p%c.Out.Width*c.StrideX-c.Left
		inside := x0 >= 0 && x0+c.Width <= c.In.Width && channels == c.In.Channels && c.DilationX == 1
		for ky := range c.Height {
			y := y0 + ky*c.DilationY
			if y < 0 || y >= c.In.Height {
				setBytes(to[:c.Width*channels], zero)
				to = to[c.Width*channels:]
				continue
			}
			if inside {
				copy(to[:c.Width*channels], src[y*row+x0*channels:])
				to = to[c.Width*channels:]
				continue
			}
			for kx := range c.Width {
				if x := x0 + kx*c.DilationX; x < 0 || x >= c.In.Width {
					setBytes(to[:channels], zero)
				} else {
					copy(to[:channels], src[y*row+x*c.In.Channels:])
				}
				to = to[channels:]
			}
		}
	}
}

func setBytes(dst []uint8, v uint8) {
	for i := range dst {
		dst[i] = v
	}
}
