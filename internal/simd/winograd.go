package simd

import "github.com/cxrkit/cxrkit/internal/parallel"

// A winograd is a convolution of 3x3 pixels by Winograd's algorithm F(4x4, 3x3):
// a quarter of the multiplications for tiles of 4x4 outputs. Rounding errors are
// some ten times those of the plain sum. See Lavin and Gray, Fast Algorithms for
// Convolutional Neural Networks, 2015.
type winograd struct {
	*Conv
	points     [36]*Packed // transformed weights
	bias       []float32
	rows, cols int // of tiles
	block      int // tiles at once
}

const (
	points       = 36
	inTile       = 6
	outTile      = 4
	tileVectors  = points * 16 // scratch of the transforms
	winogradHeap = 192 << 10   // values of transformed tiles that stay in the cache, unless the weights are more
)

// newWinograd is nil where the plain convolution is better: other windows, few
// channels, or so few tiles that reading four times the weights costs more.
func newWinograd(c *Conv, weights, bias []float32) *winograd {
	w := &winograd{Conv: c, rows: (c.Out.Height + outTile - 1) / outTile, cols: (c.Out.Width + outTile - 1) / outTile}
	in, out := c.In.Channels, c.Out.Channels
	if c.Height != 3 || c.Width != 3 || c.StrideX != 1 || c.StrideY != 1 || c.DilationX != 1 || c.DilationY != 1 || c.groups != 1 ||
		in < 16 || out < 16 || w.rows*w.cols < 9 {
		return nil
	}
	w.bias = make([]float32, out)
	copy(w.bias, bias)
	whole := max(1, len(current.tiles)) // rows of a product that need no smaller tile
	w.block = min(max(winogradHeap/(points*(in+out))/whole*whole, whole), w.rows*w.cols)
	if in*out >= (in+out)*w.rows*w.cols { // reading the weights again costs more than all tiles take
		w.block = w.rows * w.cols
	}
	for p := range w.points {
		w.points[p] = newPacked(in, out, nil, Single)
	}
	c.later = &later{do: func() {
		for _, p := range w.points {
			p.clear()
		}
		width := w.points[0].width
		parallel.Each((out+width-1)/width, func(i int) { w.transform(i*width, weights) })
	}}
	return w
}

// transform fills the panel that begins at an output channel with transformed
// weights.
func (w *winograd) transform(first int, weights []float32) {
	in, width := w.In.Channels, w.points[0].across(first)
	columns := min(width, w.Out.Channels-first)
	var u [points][32]float32
	for ch := range in {
		for o := range columns {
			transformWeights((*[9]float32)(weights[((first+o)*in+ch)*9:]), o, &u)
		}
		at := first*in + ch*width
		for p := range u {
			copy(w.points[p].data[at:][:columns], u[p][:])
		}
	}
}

// transformWeights is G g G^T, into a column of u.
func transformWeights(g *[9]float32, column int, u *[points][32]float32) {
	var rows [3][inTile]float64 // G g, column by column
	for x := range rows {
		rows[x] = transformColumn(float64(g[x]), float64(g[3+x]), float64(g[6+x]))
	}
	for y := range inTile {
		for x, v := range transformColumn(rows[0][y], rows[1][y], rows[2][y]) {
			u[y*inTile+x][column] = float32(v)
		}
	}
}

// transformColumn is G times a column of three.
func transformColumn(a, b, c float64) [inTile]float64 {
	const sixth, twelfth, part24 = 1. / 6, 1. / 12, 1. / 24
	even, odd := -(a+c)*sixth, -b*sixth
	far, step := a*part24+c*sixth, b*twelfth
	return [inTile]float64{a / 4, even + odd, even - odd, far + step, far - step, c}
}

// scratch holds a padded tile of the input (or of the output), what transforms
// need, and a block of tiles before and behind the products.
func (w *winograd) scratch() int {
	return points*max(w.In.Channels, w.Out.Channels) + tileVectors + points*w.block*(w.In.Channels+w.Out.Channels)
}

// run computes a share of the tiles.
func (w *winograd) run(dst, src, scratch []float32, f Activation, part Part) {
	in, out := w.In.Channels, w.Out.Channels
	padded, scratch := scratch[:points*max(in, out)], scratch[points*max(in, out):]
	vectors, scratch := scratch[:tileVectors], scratch[tileVectors:]
	before, behind := scratch[:points*w.block*in], scratch[points*w.block*in:]
	tiles := part.of(extent{0, w.rows * w.cols})
	for b := range pieces(tiles, w.block) {
		block := piece(tiles, w.block, b, nil)
		first, n := block.first, block.n()
		for i := range n {
			w.input(before[i*in:], n*in, src, first+i, padded, vectors)
		}
		for p, b := range w.points {
			Gemm(behind[p*n*out:], out, before[p*n*in:], in, n, b, None)
		}
		for i := range n {
			w.output(dst, first+i, behind[i*out:], n*out, padded, vectors, f)
		}
	}
}

// input transforms a tile of the input into values step apart.
func (w *winograd) input(to []float32, step int, src []float32, tile int, padded, vectors []float32) {
	channels := w.In.Channels
	y0, x0 := tile/w.cols*outTile-w.Top, tile%w.cols*outTile-w.Left
	row := w.In.Width * channels
	if y0 >= 0 && x0 >= 0 && y0+inTile <= w.In.Height && x0+inTile <= w.In.Width {
		src = src[y0*row+x0*channels:]
	} else {
		padded = padded[:points*channels]
		clear(padded)
		left, right := max(x0, 0), min(x0+inTile, w.In.Width)
		for y := max(y0, 0); y < min(y0+inTile, w.In.Height) && left < right; y++ {
			copy(padded[((y-y0)*inTile+left-x0)*channels:], src[y*row+left*channels:y*row+right*channels])
		}
		src, row = padded, inTile*channels
	}
	n := current.reach(channels)
	if n > 0 {
		current.winogradInput(&to[0], &src[0], &vectors[0], 4*row, 4*channels, 4*step, n)
	}
	for ch := n; ch < channels; ch++ {
		var d [points]float32
		for x := range inTile {
			at := src[x*channels+ch:]
			d[x], d[6+x], d[12+x], d[18+x], d[24+x], d[30+x] = inputLine(at[0], at[row], at[2*row], at[3*row], at[4*row], at[5*row])
		}
		for y := range inTile {
			line := (*[inTile]float32)(d[inTile*y:])
			at := to[inTile*y*step+ch:]
			at[0], at[step], at[2*step], at[3*step], at[4*step], at[5*step] = inputLine(line[0], line[1], line[2], line[3], line[4], line[5])
		}
	}
}

// output transforms values step apart back to a tile of the output.
func (w *winograd) output(dst []float32, tile int, from []float32, step int, whole, vectors []float32, f Activation) {
	channels := w.Out.Channels
	y0, x0 := tile/w.cols*outTile, tile%w.cols*outTile
	height, width := min(outTile, w.Out.Height-y0), min(outTile, w.Out.Width-x0)
	row := w.Out.Width * channels
	place := dst[y0*row+x0*channels:]
	to, toRow := place, row
	if height < outTile || width < outTile {
		to, toRow = whole, outTile*channels
	}
	n := current.reach(channels)
	if n > 0 {
		current.winogradOutput(&to[0], &from[0], &w.bias[0], &vectors[0], 4*toRow, 4*channels, 4*step, n)
	}
	for ch := n; ch < channels; ch++ {
		var m [inTile * outTile]float32
		for y := range inTile {
			at := from[inTile*y*step+ch:]
			line := (*[outTile]float32)(m[outTile*y:])
			line[0], line[1], line[2], line[3] = outputLine(at[0], at[step], at[2*step], at[3*step], at[4*step], at[5*step])
		}
		b := w.bias[ch]
		for x := range outTile {
			y0, y1, y2, y3 := outputLine(m[x], m[4+x], m[8+x], m[12+x], m[16+x], m[20+x])
			at := to[x*channels+ch:]
			at[0], at[toRow], at[2*toRow], at[3*toRow] = y0+b, y1+b, y2+b, y3+b
		}
	}
	for y := range height {
		if toRow != row {
			copy(place[y*row:][:width*channels], to[y*toRow:])
		}
		f.Apply(place[y*row:][:width*channels])
	}
}

// inputLine is B^T d of six values.
func inputLine(d0, d1, d2, d3, d4, d5 float32) (t0, t1, t2, t3, t4, t5 float32) {
	a, b := d4-4*d2, d3-4*d1
	c, d := d4-d2, 2*(d3-d1)
	return 4*d0 - 5*d2 + d4, a + b, a - b, c + d, c - d, 4*d1 - 5*d3 + d5
}

// outputLine is A^T m, of six values four.
func outputLine(m0, m1, m2, m3, m4, m5 float32) (y0, y1, y2, y3 float32) {
	s1, d1, s2, d2 := m1+m2, m1-m2, m3+m4, m3-m4
	return m0 + s1 + s2, d1 + 2*d2, s1 + 4*s2, d1 + 8*d2 + m5
}
