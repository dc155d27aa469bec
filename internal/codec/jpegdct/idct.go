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
	for x := range 8 {
		if c[8+x]|c[16+x]|c[24+x]|c[32+x]|c[40+x]|c[48+x]|c[56+x] == 0 {
			v := int64(c[x]) << extra
			for y := range 8 {
				work[8*y+x] = v
			}
			continue
		}
		column := [8]int64{int64(c[x]), int64(c[8+x]), int64(c[16+x]), int64(c[24+x]), int64(c[32+x]), int64(c[40+x]), int64(c[48+x]), int64(c[56+x])}
		transform(&column, fraction-extra)
		for y, v := range column {
			work[8*y+x] = v
		}
	}
	half, white := int64(1)<<(precision-1), int64(1)<<precision-1
	for y := range 8 {
		row := (*[8]int64)(work[8*y:])
		transform(row, fraction+extra+3)
		line := out[y*stride:][:8]
		for x, v := range row {
			line[x] = uint16(max(0, min(white, v+half)))
		}
	}
}

// flatLevel is the sample that inverse gives everywhere for a block of nothing
// but a DC coefficient.
func flatLevel(dc int32, precision int) uint16 {
	extra := extraBits(precision)
	v := int64(dc) << extra
	v = (v<<fraction + 1<<(fraction+extra+2)) >> (fraction + extra + 3)
	return uint16(max(0, min(int64(1)<<precision-1, v+int64(1)<<(precision-1))))
}

// transform is the one-dimensional inverse DCT; shift is where it rounds.
func transform(v *[8]int64, shift uint) {
	// Even part.
	z := (v[2] + v[6]) * f0541
	e2, e3 := z-v[6]*f1847, z+v[2]*f0765
	e0, e1 := (v[0]+v[4])<<fraction, (v[0]-v[4])<<fraction
	t0, t3, t1, t2 := e0+e3, e0-e3, e1+e2, e1-e2

	// Odd part.
	a0, a1, a2, a3 := v[7], v[5], v[3], v[1]
	z1, z2, z3, z4 := a0+a3, a1+a2, a0+a2, a1+a3
	z5 := (z3 + z4) * f1175
	z1, z2 = z1*-f0899, z2*-f2562
	z3, z4 = z3*-f1961+z5, z4*-f0390+z5
	a0 = a0*f0298 + z1 + z3
	a1 = a1*f2053 + z2 + z4
	a2 = a2*f3072 + z2 + z3
	a3 = a3*f1501 + z1 + z4

	round := int64(1) << (shift - 1)
	v[0], v[7] = (t0+a3+round)>>shift, (t0-a3+round)>>shift
	v[1], v[6] = (t1+a2+round)>>shift, (t1-a2+round)>>shift
	v[2], v[5] = (t2+a1+round)>>shift, (t2-a1+round)>>shift
	v[3], v[4] = (t3+a0+round)>>shift, (t3-a0+round)>>shift
}
