package simd

// A convolution of few values in a window, as the first of a network is, would be
// longer about copying its windows than about multiplying them. It copies the rows
// of the film once, with zeros around them, and takes windows out of them as they
// lie: a run of values for each row of a window.

// directTile multiplies as many windows as its place among the tiles tells, from 1.
type directTile func(k int, a *float32, lda int, b, c *float32, ldc int, start *float32, runs, runStep int)

// direct reports whether windows are taken as they lie. It is decided where nothing
// else is done with the convolution.
func (c *Conv) direct() bool {
	p := c.packed[0]
	return p.loops.direct != nil && !p.half && c.groups == 1 && c.DilationX == 1 && p.K <= maxDirect && !c.pointwise()
}

// maxDirect bounds the values of a window: of longer ones the copy is the smaller
// part.
const maxDirect = 300

// padded is the length of a row with its padding.
func (c *Conv) padded() int { return (c.In.Width + c.Left + c.Right) * c.In.Channels }

// rowsAtOnce is how many rows of the output are computed from one copy, which stays
// in the cache.
func (c *Conv) rowsAtOnce() int {
	const most = 1 << 13
	return max(1, min(c.Out.Height, most/(c.padded()*c.StrideY)))
}

// directScratch is the room for the copy of some rows.
func (c *Conv) directScratch() int {
	return c.padded() * ((c.rowsAtOnce()-1)*c.StrideY + (c.Height-1)*c.DilationY + 1)
}

// runDirect is RunPart by rows of the output.
func (c *Conv) runDirect(dst, src, scratch []float32, f Activation, part Part) {
	first, end := part.Span(c.Out.Height, 1)
	line, out := c.padded(), c.Out.Width*c.Out.Channels
	for y := first; y < end; y += c.rowsAtOnce() {
		rows := min(c.rowsAtOnce(), end-y)
		c.pad(scratch, src, y*c.StrideY-c.Top, (rows-1)*c.StrideY+(c.Height-1)*c.DilationY+1)
		for r := range rows {
			to := dst[(y+r)*out:][:out]
			c.line(to, scratch[r*c.StrideY*line:])
			f.Apply(to)
		}
	}
}

// pad copies some rows of src from the given one on, with zeros around them.
func (c *Conv) pad(dst, src []float32, from, rows int) {
	line, row, left := c.padded(), c.In.Width*c.In.Channels, c.Left*c.In.Channels
	for y := from; y < from+rows; y++ {
		to := dst[:line]
		dst = dst[line:]
		if y < 0 || y >= c.In.Height {
			clear(to)
			continue
		}
		clear(to[:left])
		copy(to[left:], src[y*row:][:row])
		clear(to[left+row:])
	}
}

// line computes a row of the output from the rows of the copy that it looks at.
func (c *Conv) line(dst, from []float32) {
	p, pixels := c.packed[0], c.Out.Width
	step, run, runStep := c.StrideX*c.In.Channels, c.Width*c.In.Channels, c.DilationY*c.padded()
	if len(from) < (pixels-1)*step+(c.Height-1)*runStep+run || len(dst) < pixels*p.N {
		panic("kernel: rows too short")
	}
	whole := edges.Get().(*[maxTile]float32)
	defer edges.Put(whole)
	for j := 0; j < p.N; j += p.width {
		width, tiles := p.across(j), p.loops.direct
		if width < p.width {
			tiles = p.loops.slimDirect
		}
		panel, n := p.data[j*p.K:][:p.K*width], min(width, p.N-j)
		count := (pixels + len(tiles) - 1) / len(tiles)
		for i := range count {
			e := Part{i, count}.of(extent{0, pixels})
			to, ldc := dst[e.first*p.N+j:], p.N
			if n < width {
				to, ldc = whole[:], width
			}
			tiles[e.n()-1](run, &from[e.first*step], 4*step, &panel[0], &to[0], 4*ldc, &p.bias[j], c.Height, 4*runStep)
			if n < width {
				for r := range e.n() {
					copy(dst[(e.first+r)*p.N+j:][:n], whole[r*width:])
				}
			}
		}
	}
}
