package simd

import "math"

// The micro-kernels in Go. Sums are in variables of their own, not in an array,
// which the compiler would keep in memory; slices become pointers to arrays, whose
// bounds are checked once; and steps are written out: in WebAssembly a turn of a
// loop costs as much as several products.

const genericColumns = 8 // of a panel

// genericTile is the product of one row with a panel: c = start + a*b.
func genericTile(k int, a, b, c, start []float32) {
	from := (*[genericColumns]float32)(start)
	s0, s1, s2, s3, s4, s5, s6, s7 := from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7]
	a, b = a[:k], b[:k*genericColumns]
	for len(a) >= 4 && len(b) >= 4*genericColumns {
		x, w := (*[4]float32)(a), (*[4 * genericColumns]float32)(b)
		v := x[0]
		s0 += v * w[0]
		s1 += v * w[1]
		s2 += v * w[2]
		s3 += v * w[3]
		s4 += v * w[4]
		s5 += v * w[5]
		s6 += v * w[6]
		s7 += v * w[7]
		v = x[1]
		s0 += v * w[8]
		s1 += v * w[9]
		s2 += v * w[10]
		s3 += v * w[11]
		s4 += v * w[12]
		s5 += v * w[13]
		s6 += v * w[14]
		s7 += v * w[15]
		v = x[2]
		s0 += v * w[16]
		s1 += v * w[17]
		s2 += v * w[18]
		s3 += v * w[19]
		s4 += v * w[20]
		s5 += v * w[21]
		s6 += v * w[22]
		s7 += v * w[23]
		v = x[3]
		s0 += v * w[24]
		s1 += v * w[25]
		s2 += v * w[26]
		s3 += v * w[27]
		s4 += v * w[28]
		s5 += v * w[29]
		s6 += v * w[30]
		s7 += v * w[31]
		a, b = a[4:], b[4*genericColumns:]
	}
	for len(a) > 0 && len(b) >= genericColumns {
		v, w := a[0], (*[genericColumns]float32)(b)
		s0 += v * w[0]
		s1 += v * w[1]
		s2 += v * w[2]
		s3 += v * w[3]
		s4 += v * w[4]
		s5 += v * w[5]
		s6 += v * w[6]
		s7 += v * w[7]
		a, b = a[1:], b[genericColumns:]
	}
	*(*[genericColumns]float32)(c) = [genericColumns]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}

// channelSums adds the taps of a depthwise convolution to some neighboring
// channels: sums = bias + sum over taps of x[xs] * w[ws], offsets in bytes.
func channelSums(sums, bias, x, w []float32, xs, ws []int) {
	const width = 8
	ws = ws[:len(xs)]
	for len(sums) >= width && len(bias) >= width {
		b := (*[width]float32)(bias)
		s0, s1, s2, s3, s4, s5, s6, s7 := b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
		for t, at := range xs {
			v, u := (*[width]float32)(x[uint(at)/4:]), (*[width]float32)(w[uint(ws[t])/4:])
			s0 += v[0] * u[0]
			s1 += v[1] * u[1]
			s2 += v[2] * u[2]
			s3 += v[3] * u[3]
			s4 += v[4] * u[4]
			s5 += v[5] * u[5]
			s6 += v[6] * u[6]
			s7 += v[7] * u[7]
		}
		*(*[width]float32)(sums) = [width]float32{s0, s1, s2, s3, s4, s5, s6, s7}
		sums, bias, x, w = sums[width:], bias[width:], x[width:], w[width:]
	}
	for c := range sums {
		sum := bias[c]
		for t, at := range xs {
			sum += x[uint(at)/4+uint(c)] * w[uint(ws[t])/4+uint(c)]
		}
		sums[c] = sum
	}
}

// rectify is max(v, 0), without a branch that depends on the sign, which is as
// good as random. NaN stays NaN.
func rectify(v float32) float32 {
	const lowest = 0xff800000 // -Inf; NaN of either sign are beyond one of the infinities
	bits := math.Float32bits(v)
	if bits <= lowest {
		bits &^= uint32(int32(bits) >> 31)
	}
	return math.Float32frombits(bits)
}

// larger is max(a, b), which not all processors have an instruction for.
func larger(a, b float32) float32 {
	if b > a || b != b {
		return b
	}
	return a
}

// exponential is exp(x) as in assembly: 1 + t + t^2 q(t) on [-ln 2/2, ln 2/2],
// scaled by a power of two.
func exponential(x float32) float32 {
	const (
		whole = 3 << 22     // plus a small number: that number to the nearest integer
		high  = 0.693359375 // of ln 2; powers times it are exact
		low   = math.Ln2 - high
	)
	if x > 88 {
		x = 88
	}
	if x < -87 {
		x = -87
	}
	power := float32(x*math.Log2E+whole) - whole
	t := float32(x-power*high) - power*low
	q := ((8.3125251098e-3*t+4.1890113981e-2)*t+1.6667114466e-1)*t + 4.9999231786e-1
	return (1 + (t + t*t*q)) * math.Float32frombits(uint32(int32(power)+127)<<23)
}

func logistic(x float32) float32 { return 1 / (1 + exponential(-x)) }

// gaussian is x/2 * (1 + erf(x/sqrt 2)), with erf as in assembly. Below zero the
// sum has few digits left, so that it is of float64.
func gaussian(x float32) float32 {
	t := float64(x) * (math.Sqrt2 / 2)
	if t > 4 {
		return x
	}
	if t < -4 {
		return 0
	}
	s := t * t
	top := (((((-2.72614225801306e-10*s+2.77068142495902e-08)*s-2.10102402082508e-06)*s-5.69250639462346e-05)*s-7.34990630326855e-04)*s-2.95459980854025e-03)*s - 1.60960333262415e-02
	bottom := (((-1.45660718464996e-05*s-2.13374055278905e-04)*s-1.68282697438203e-03)*s-7.37332916720468e-03)*s - 1.42647390514189e-02
	return float32(float64(x) / 2 * (1 + t*top/bottom))
}
