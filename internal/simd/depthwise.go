package simd

// A channelwise is a depthwise convolution.
type channelwise struct {
	*Conv
	weights, bias []float32 // taps x channels; channels
	lists         []tapList
	column        []int // list of each output column
}

// A tapList is the taps of a window that fall into a row of the input, for
// columns that agree in it. Offsets are in bytes, from the first such tap in
// the input and from the first weight, row by row of the window.
type tapList struct {
	first  int // column of the window
	perRow int
	xs, ws []int
}

// mostTaps bounds the lists of taps; a convolution of longer ones is done as one
// of many groups.
const mostTaps = 1 << 18

// newChannelwise is nil where windows are so large that they meet the border in
// too many ways.
func newChannelwise(c *Conv, weights, bias []float32) *channelwise {
	channels, area := c.In.Channels, c.Height*c.Width
	if ways := min(c.Out.Width, 2*c.Width); ways > mostTaps/area {
		return nil
	}
	d := &channelwise{Conv: c, weights: make([]float32, area*channels), bias: make([]float32, channels)}
	for ch := range channels {
		for t := range area {
			d.weights[t*channels+ch] = weights[ch*area+t]
		}
	}
	copy(d.bias, bias)
	known := map[[2]int]int{}
	for x := range c.Out.Width {
		first, end := reach(x*c.StrideX-c.Left, c.Width, c.DilationX, c.In.Width)
		i, ok := known[[2]int{first, end}]
		if !ok {
			i = len(d.lists)
			known[[2]int{first, end}] = i
			l := tapList{first: first, perRow: end - first}
			for ky := range c.Height {
				for kx := first; kx < end; kx++ {
					l.xs = append(l.xs, 4*channels*(ky*c.DilationY*c.In.Width+(kx-first)*c.DilationX))
					l.ws = append(l.ws, 4*channels*(ky*c.Width+kx))
				}
			}
			d.lists = append(d.lists, l)
		}
		d.column = append(d.column, i)
	}
	return d
}

// reach is which taps of a window that starts at a place fall into 0..size.
func reach(start, taps, dilation, size int) (first, end int) {
	if start < 0 {
		first = min((-start+dilation-1)/dilation, taps)
	}
	end = taps
	if last := size - 1 - start; last < (taps-1)*dilation {
		end = 0
		if last >= 0 {
			end = last/dilation + 1
		}
	}
	return first, max(first, end)
}

// mostPixels is how many pixels are computed at once.
const mostPixels = 4

// run computes a share of the rows.
func (d *channelwise) run(dst, src []float32, f Activation, part Part) {
	rows := part.of(extent{0, d.Out.Height})
	row := d.Out.Width * d.Out.Channels
	for y := rows.first; y < rows.end; {
		n := 1 // rows whose windows lie inside of the map, or one
		for n < mostPixels && y+n < rows.end && d.inside(y) && d.inside(y+n) {
			n++
		}
		d.rows(dst, src, y, n)
		f.Apply(dst[y*row : (y+n)*row])
		y += n
	}
}

// inside reports whether the windows of a row of the output reach no row beyond the
// map.
func (d *channelwise) inside(y int) bool {
	first, end := reach(y*d.StrideY-d.Top, d.Height, d.DilationY, d.In.Height)
	return first == 0 && end == d.Height
}

// rows computes n rows, which have the same taps: of neighboring pixels in a row as
// many at once as have the same, of single ones those of all rows.
func (d *channelwise) rows(dst, src []float32, y, n int) {
	channels := d.Out.Channels
	for x := 0; x < d.Out.Width; {
		same := 1
		for same < mostPixels && x+same < d.Out.Width && d.column[x+same] == d.column[x] {
			same++
		}
		if same < n { // more below each other than beside each other
			d.pixels(dst[(y*d.Out.Width+x)*channels:], src, x, y, n, d.StrideY*d.In.Width*d.In.Channels, d.Out.Width*channels)
			x++
			continue
		}
		for i := range n {
			d.pixels(dst[((y+i)*d.Out.Width+x)*channels:], src, x, y+i, same, d.StrideX*d.In.Channels, channels)
		}
		x += same
	}
}

// pixels computes some pixels from the one at x and y on, which have the same taps
// and are so far apart in the input and in the output.
func (d *channelwise) pixels(out, src []float32, x, y, count, step, outStep int) {
	list, channels := &d.lists[d.column[x]], d.Out.Channels
	y0 := y*d.StrideY - d.Top
	first, end := reach(y0, d.Height, d.DilationY, d.In.Height)
	taps := (end - first) * list.perRow
	if taps == 0 {
		for i := range count {
			copy(out[i*outStep:][:channels], d.bias)
		}
		return
	}
	src = src[((y0+first*d.DilationY)*d.In.Width+x*d.StrideX-d.Left+list.first*d.DilationX)*d.In.Channels:]
	xs, ws := list.xs[:taps], list.ws[first*list.perRow:][:taps]
	n := current.reach(channels)
	for i := 0; n > 0 && i < count; {
		run, done := current.depthwise1, 1
		for k, many := range []depthwise{current.depthwise2, current.depthwise3, current.depthwise4} {
			if many != nil && k+2 <= count-i {
				run, done = many, k+2
			}
		}
		run(&out[i*outStep], &d.bias[0], &src[i*step], &d.weights[0], &xs[0], &ws[0], taps, 4*step, 4*outStep, n)
		i += done
	}
	if n == channels {
		return
	}
	for i := range count {
		to, from := out[i*outStep:][:channels], src[i*step:]
		channelSums(to[n:], d.bias[n:], from[n:], d.weights[n:], xs, ws)
	}
}
