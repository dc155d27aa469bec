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

// run computes a share of the rows.
func (d *channelwise) run(dst, src []float32, f Activation, part Part) {
	rows := part.of(extent{0, d.Out.Height})
	for y := rows.first; y < rows.end; y++ {
		y0 := y*d.StrideY - d.Top
		first, end := reach(y0, d.Height, d.DilationY, d.In.Height)
		for x := 0; x < d.Out.Width; {
			list := &d.lists[d.column[x]]
			same := 1
			for same < 4 && x+same < d.Out.Width && d.column[x+same] == d.column[x] {
				same++
			}
			if same < 4 {
				same = 1
			}
			out := dst[(y*d.Out.Width+x)*d.Out.Channels:][:same*d.Out.Channels]
			taps := (end - first) * list.perRow
			from := ((y0+first*d.DilationY)*d.In.Width + x*d.StrideX - d.Left + list.first*d.DilationX) * d.In.Channels
			if taps == 0 {
				for ; len(out) > 0; out = out[d.Out.Channels:] {
					copy(out, d.bias)
				}
			} else {
				d.pixels(out, src[from:], list.xs[:taps], list.ws[first*list.perRow:][:taps], same)
			}
			f.Apply(dst[(y*d.Out.Width+x)*d.Out.Channels:][:same*d.Out.Channels])
			x += same
		}
	}
}

// pixels computes one pixel or four neighbors from the same taps.
func (d *channelwise) pixels(out, src []float32, xs, ws []int, count int) {
	channels, step := d.Out.Channels, d.StrideX*d.In.Channels
	n := current.reach(channels)
	if n > 0 {
		run := current.depthwise1
		if count == 4 {
			run = current.depthwise4
		}
		run(&out[0], &d.bias[0], &src[0], &d.weights[0], &xs[0], &ws[0], len(xs), 4*step, 4*channels, n)
	}
	for i := range count {
		to, from := out[i*channels:][:channels], src[i*step:]
		if n < channels {
			channelSums(to[n:], d.bias[n:], from[n:], d.weights[n:], xs, ws)
		}
	}
}
