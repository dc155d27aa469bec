package j2k

// row53 is the reversible filter (T.800 F.3.8.2.1.1) along a row.
func row53(row, scratch []int32, n, odd int) {
	if len(row) == 1 {
		if odd == 1 {
			row[0] /= 2
		}
		return
	}
	copy(scratch, row)
	interleave53(row, scratch[:len(row)], n, odd)
}

// interleave53 is row53 of in, two samples or more, into row.
func interleave53(row, in []int32, n, odd int) {
	low, high := in[:n], in[n:]
	if odd == 0 {
		interleaveEven53(row, low, high)
		return
	}
	out := row[odd:]  // low samples are at its even places
	before := high[0] // the high sample before the low one
	if odd == 1 {
		high = high[1:]
	}
	last := int32(0) // low sample, transformed
	for i, v := range low {
		after := before
		if i < len(high) {
			after = high[i]
		}
		v -= (before + after + 2) >> 2
		out[2*i] = v
		if i == 0 {
			last = v
		}
		if at := odd + 2*i - 1; at >= 0 { // the high sample before it
			row[at] = before + (last+v)>>1
		}
		before, last = after, v
	}
	if len(high) >= len(low) && len(low) > 0 { // a high sample ends the row
		row[len(row)-1] = high[len(high)-1] + last
	}
}

// interleaveEven53 is interleave53 of a row that begins with a low sample, as
// nearly all do.
func interleaveEven53(row, low, high []int32) {
	before := high[0]
	last := low[0] - (2*before+2)>>2
	out, low := row, low[1:]
	for len(out) >= 4 && len(low) > 0 && len(high) > 1 {
		after := high[1]
		v := low[0] - (before+after+2)>>2
		out[0], out[1] = last, before+(last+v)>>1
		before, last = after, v
		out, low, high = out[2:], low[1:], high[1:]
	}
	if len(low) > 0 { // ends with a low sample
		v := low[0] - (2*before+2)>>2
		out[0], out[1], out[2] = last, before+(last+v)>>1, v
		return
	}
	out[0], out[1] = last, before+last
}

// strip53 is row53 down the columns of a strip.
func strip53(buffer, scratch []int32, stride, width, height, low, odd int) {
	for y := range height {
		copy(scratch[y*width:][:width], buffer[y*stride:])
	}
	row := func(y int) []int32 { return buffer[y*stride:][:width] }
	high := func(i int) []int32 { return scratch[(low+i)*width:][:width] }
	if height == 1 {
		if odd == 1 {
			for x, v := range row(0) {
				row(0)[x] = v / 2
			}
		}
		return
	}
	for i := range low {
		at := 2*i + odd
		before, after := high(max(0, i+odd-1)), high(min(i+odd, height-low-1))
		in, out := scratch[i*width:][:width], row(at)
		before, after, out = before[:len(in)], after[:len(in)], out[:len(in)]
		if at == 0 {
			for x, v := range in {
				out[x] = v - (before[x]+after[x]+2)>>2
			}
			continue
		}
		between := row(at - 1)[:len(in)] // the high row before this one
		if at > 1 {
			above := row(at - 2)[:len(in)]
			for x, v := range in {
				h := before[x]
				v -= (h + after[x] + 2) >> 2
				out[x] = v
				between[x] = h + (above[x]+v)>>1
			}
			continue
		}
		for x, v := range in {
			h := before[x]
			v -= (h + after[x] + 2) >> 2
			out[x] = v
			between[x] = h + v
		}
	}
	if (height-1)&1 != odd { // a high row is the last
		h, above, out := high(height-low-1), row(height-2), row(height-1)
		for x := range out {
			out[x] = h[x] + above[x]
		}
	}
}
