package j2k

// Coefficients of the irreversible filter (T.800 table F.4). The high band's
// scale is OpenJPEG's 2/K, so that its subbands need no gain.
const (
	alpha     = float32(-1.586134342)
	beta      = float32(-0.052980118)
	gamma     = float32(0.882911075)
	delta     = float32(0.443506852)
	lowScale  = float32(1.230174105)
	highScale = float32(1.625732422)
)

// row97 is the irreversible filter (T.800 F.3.8.2.1.2) along a row.
func row97(row, scratch []float32, n, odd int) {
	if len(row) == 1 {
		return
	}
	if odd == 0 && len(row) >= 8 {
		copy(scratch, row)
		interleaveEven97(row, scratch[:n], scratch[n:len(row)])
		return
	}
	s := scratch[:len(row)]
	for i, v := range row[:n] {
		s[2*i+odd] = float32(v * lowScale)
	}
	for i, v := range row[n:] {
		s[2*i+1-odd] = float32(v * highScale)
	}
	step97(s, odd, delta)
	step97(s, 1-odd, gamma)
	step97(s, odd, beta)
	step97(s, 1-odd, alpha)
	copy(row, s)
}

// interleaveEven97 is row97 of a row that begins with a low sample, as nearly all
// do, and has four high ones or more: all steps in one sweep, in the same
// arithmetic; products are rounded before sums on every machine. Of sample i, d is the low one after the first step, g the high one
// after the second, b the low one after the third.
func interleaveEven97(row, low, high []float32) {
	h0, h1 := float32(high[0]*highScale), float32(high[1]*highScale)
	d0 := float32(low[0]*lowScale) - float32((h0+h0)*delta)
	d := float32(low[1]*lowScale) - float32((h0+h1)*delta)
	g := h0 - float32((d0+d)*gamma)
	b := d0 - float32((g+g)*beta)
	h := h1
	out, low, high := row, low[2:], high[2:]
	for len(high) > 0 && len(low) > 0 && len(out) >= 2 {
		hNext := float32(high[0] * highScale)
		dNext := float32(low[0]*lowScale) - float32((h+hNext)*delta)
		gNext := h - float32((d+dNext)*gamma)
		bNext := d - float32((g+gNext)*beta)
		out[0], out[1] = b, g-float32((b+bNext)*alpha)
		h, d, g, b = hNext, dNext, gNext, bNext
		out, low, high = out[2:], low[1:], high[1:]
	}
	// The ends are mirrored: a high sample ends the row, or a low one.
	dNext := d
	if len(low) > 0 {
		dNext = float32(low[0]*lowScale) - float32((h+h)*delta)
	}
	gNext := h - float32((d+dNext)*gamma)
	bNext := d - float32((g+gNext)*beta)
	out[0], out[1], out[2] = b, g-float32((b+bNext)*alpha), bNext
	if len(low) == 0 {
		out[3] = gNext - float32((bNext+bNext)*alpha)
		return
	}
	last := dNext - float32((gNext+gNext)*beta)
	out[3], out[4] = gNext-float32((bNext+last)*alpha), last
}

// step97 lifts each second sample by those beside it.
func step97(s []float32, from int, k float32) {
	if from == 0 {
		s[0] -= float32((s[1] + s[1]) * k)
		from = 2
	}
	rest := s[from-1:]
	for len(rest) > 2 {
		rest[1] -= float32((rest[0] + rest[2]) * k) // not fused: the same on every machine
		rest = rest[2:]
	}
	if len(rest) == 2 {
		rest[1] -= float32((rest[0] + rest[0]) * k)
	}
}

// strip97 is row97 down the columns of a strip: all four steps in one sweep, each two rows behind the one before it.
func strip97(buffer, scratch []float32, stride, width, height, low, odd int) {
	if height == 1 {
		return
	}
	line := func(y int) []float32 { return scratch[y*width:][:width] }
	for i := range height {
		at, k := 2*i+odd, lowScale
		if i >= low {
			at, k = 2*(i-low)+1-odd, highScale
		}
		out := line(at)
		for x, v := range buffer[i*stride:][:width] {
			out[x] = float32(v * k)
		}
	}
	step := func(y int, k float32) {
		if y < 0 || y >= height {
			return
		}
		above, below := y-1, y+1
		if y == 0 {
			above = 1
		}
		if below == height {
			below = above
		}
		a, b, c := line(above), line(below), line(y)
		b, c = b[:len(a)], c[:len(a)]
		for x := range a {
			c[x] -= float32((a[x] + b[x]) * k) // not fused: the same on every machine
		}
	}
	for y := odd; y < height+4; y += 2 {
		if y >= 4 && y+1 < height { // nothing is mirrored: all steps at once
			r := [6][]float32{}
			for i := range r {
				r[i] = line(y + 1 - i)
			}
			lift97(r, buffer[(y-3)*stride:][:width], buffer[(y-4)*stride:][:width])
			continue
		}
		step(y, delta)
		step(y-1, gamma)
		step(y-2, beta)
		step(y-3, alpha)
		for done := y - 4; done < y-2; done++ { // nothing more looks at these
			if done >= 0 && done < height {
				copy(buffer[done*stride:][:width], line(done))
			}
		}
	}
}

// lift97 makes a step of each kind on lines, from the last one up, and gives two
// lines as they are then.
func lift97(line [6][]float32, high, low []float32) {
	below, l0, h1, l2, h3, l4 := line[0], line[1], line[2], line[3], line[4], line[5]
	n := len(below)
	l0, h1, l2, h3, l4, high, low = l0[:n], h1[:n], l2[:n], h3[:n], l4[:n], high[:n], low[:n]
	for x, v := range below {
		h := h1[x]
		d := l0[x] - float32((h+v)*delta)
		g := h - float32((l2[x]+d)*gamma)
		b := l2[x] - float32((h3[x]+g)*beta)
		l0[x], h1[x], l2[x] = d, g, b
		top := l4[x]
		high[x], low[x] = h3[x]-float32((top+b)*alpha), top
	}
}
