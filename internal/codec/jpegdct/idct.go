package jpegdct

// The inverse DCT of Loeffler, Ligtenberg and Moschytz (1989) in integers with
// 13 fraction bits, rounded where libjpeg's "islow" rounds: after the columns
// to 2 extra bits (1 for 12-bit data), after the rows to samples.
const (
	fraction = 13

	f0298 = 2446 // 0.298631336 * 2^13, and so on
	f0390 = 3196
	f0541 = 4433
	f0765 = 6270
	f0899 = 7373
	f1175 = 9633
	f1501 = 12299
	f1847 = 15137
	f1961 = 16069
	f2053 = 16819
	f2562 = 20995
	f3072 = 25172
)

func extraBits(precision int) uint {
	if precision == 12 {
		return 1
	}
	return 2
}

// inverse transforms a block of dequantized coefficients and stores its 64
// samples, level-shifted and clamped. Products take 64 bits: damaged data may
// hold any coefficient.
func inverse(c *[64]int32, out []uint16, stride, precision int) {
	extra := extraBits(precision)
	var work [64]int64
	shift := (fraction - extra) & 63 // a shift that cannot be too long needs no test
	round := int64(1) << shift >> 1
	for x := range 8 {
		v1, v2, v3, v4 := int64(c[8+x&63]), int64(c[16+x&63]), int64(c[24+x&63]), int64(c[32+x&63])
		v0, v5, v6, v7 := int64(c[x&63]), int64(c[40+x&63]), int64(c[48+x&63]), int64(c[56+x&63])
		if v1|v2|v3|v4|v5|v6|v7 == 0 {
			v0 <<= extra & 63
			for y := range 8 {
				work[8*y+x&63] = v0
			}
			continue
		}
		t0, t1, t2, t3 := even(v0, v2, v4, v6, round)
		a0, a1, a2, a3 := odd(v1, v3, v5, v7)
		work[x&63], work[56+x&63] = (t0+a3)>>shift, (t0-a3)>>shift
		work[8+x&63], work[48+x&63] = (t1+a2)>>shift, (t1-a2)>>shift
		work[16+x&63], work[40+x&63] = (t2+a1)>>shift, (t2-a1)>>shift
		work[24+x&63], work[32+x&63] = (t3+a0)>>shift, (t3-a0)>>shift
	}
	half, white := int64(1)<<((precision-1)&63), int64(1)<<(precision&63)-1
	shift = (fraction + extra + 3) & 63
	round = int64(1)<<shift>>1 + half<<shift
	for y := range 8 {
		v := (*[8]int64)(work[8*y:])
		line := (*[8]uint16)(out[y*stride:])
		t0, t1, t2, t3 := even(v[0], v[2], v[4], v[6], round)
		a0, a1, a2, a3 := odd(v[1], v[3], v[5], v[7])
		line[0], line[7] = clamp((t0+a3)>>shift, white), clamp((t0-a3)>>shift, white)
		line[1], line[6] = clamp((t1+a2)>>shift, white), clamp((t1-a2)>>shift, white)
		line[2], line[5] = clamp((t2+a1)>>shift, white), clamp((t2-a1)>>shift, white)
		line[3], line[4] = clamp((t3+a0)>>shift, white), clamp((t3-a0)>>shift, white)
	}
}

func clamp(v, white int64) uint16 { return uint16(max(0, min(white, v))) }

// even and odd are the halves of the one-dimensional inverse DCT: of an output
// and its mirror image, the sum and the difference, times 2^13. The halves are
// small enough to be inlined.
func even(v0, v2, v4, v6, round int64) (t0, t1, t2, t3 int64) {
	z := (v2 + v6) * f0541
	e2, e3 := z-v6*f1847, z+v2*f0765
	e0, e1 := (v0+v4)<<fraction+round, (v0-v4)<<fraction+round
	return e0 + e3, e1 + e2, e1 - e2, e0 - e3
}

func odd(v1, v3, v5, v7 int64) (a0, a1, a2, a3 int64) {
	z3, z4 := v7+v3, v5+v1
	z5 := (z3 + z4) * f1175
	z3, z4 = z5-z3*f1961, z5-z4*f0390
	z1, z2 := (v7+v1)*f0899, (v5+v3)*f2562
	return v7*f0298 - z1 + z3, v5*f2053 - z2 + z4, v3*f3072 - z2 + z3, v1*f1501 - z1 + z4
}

// flatLevel is the sample that inverse gives everywhere for a block of nothing
// but a DC coefficient.
func flatLevel(dc int32, precision int) uint16 {
	extra := extraBits(precision)
	v := int64(dc) << extra
	v = (v<<fraction + 1<<(fraction+extra+2)) >> (fraction + extra + 3)
	return uint16(max(0, min(int64(1)<<precision-1, v+int64(1)<<(precision-1))))
}
