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
	winogradHeap = 192 << 10   // values of transformed tiles that stay in the cache
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
	for p := range w.points {
		w.points[p] = NewPacked(in, out, nil, Single)
	}
	width := w.points[0].width
	parallel.Each((out+width-1)/width, func(i int) { w.transform(i*width, weights) })
	return w
}

// transform fills the panel that begins at an output channel with transformed
// weights.
func (w *winograd) transform(first int, weights []float32) {
	in, width := w.In.Channels, w.points[0].width
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
	for first := tiles.first; first < tiles.end; first += w.block {
		n := min(w.block, tiles.end-first)
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
		for i := range d {
			d[i] = src[i/inTile*row+i%inTile*channels+ch]
		}
		for i := range inTile {
			transformInput(d[i:], inTile)
		}
		for i := range inTile {
			transformInput(d[i*inTile:], 1)
		}
		for i, v := range d {
			to[i*step+ch] = v
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
		var m [points]float32
		for i := range m {
			m[i] = from[i*step+ch]
		}
		for i := range inTile {
			transformOutput(m[i*inTile:], 1)
		}
		for x := range outTile {
			transformOutput(m[x:], inTile)
			for y := range outTile {
				to[y*toRow+x*channels+ch] = m[y*inTile+x] + w.bias[ch]
			}
		}
	}
	for y := range height {
		if toRow != row {
			copy(place[y*row:][:width*channels], to[y*toRow:])
		}
		f.Apply(place[y*row:][:width*channels])
	}
}

// transformInput is B^T d in place, for six values step apart.
func transformInput(d []float32, step int) {
	d0, d1, d2, d3, d4, d5 := d[0], d[step], d[2*step], d[3*step], d[4*step], d[5*step]
	d[0] = 4*d0 - 5*d2 + d4
	d[step] = d4 - 4*d2 + (d3 - 4*d1)
	d[2*step] = d4 - 4*d2 - (d3 - 4*d1)
	d[3*step] = d4 - d2 + 2*(d3-d1)
	d[4*step] = d4 - d2 - 2*(d3-d1)
	d[5*step] = 4*d1 - 5*d3 + d5
}

// transformOutput is A^T m in place, from six values step apart to four.
func transformOutput(m []float32, step int) {
	s1, d1 := m[step]+m[2*step], m[step]-m[2*step]
	s2, d2 := m[3*step]+m[4*step], m[3*step]-m[4*step]
	last := m[5*step]
	m[0] += s1 + s2
	m[step] = d1 + 2*d2
	m[2*step] = s1 + 4*s2
	m[3*step] = d1 + 8*d2 + last
}
