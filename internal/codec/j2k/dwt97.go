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
	s := scratch[:len(row)]
	for i, v := range row[:n] {
		s[2*i+odd] = v * lowScale
	}
	for i, v := range row[n:] {
		s[2*i+1-odd] = v * highScale
	}
	step97(s, odd, delta)
	step97(s, 1-odd, gamma)
	step97(s, odd, beta)
	step97(s, 1-odd, alpha)
	copy(row, s)
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
			out[x] = v * k
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
