package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// tTail is the probability that Student's t of so many degrees of freedom is
// above t.
func tTail(t, freedom float64) float64 {
	if t < 0 {
		return 1 - tTail(-t, freedom)
	}
	if math.IsInf(freedom, 1) {
		return math.Erfc(t/math.Sqrt2) / 2
	}
	return mathext.RegIncBeta(freedom/2, 0.5, freedom/(freedom+t*t)) / 2
}

// tQuantile is the value below which Student's t lies with probability p, one
// half to below 1.
func tQuantile(p, freedom float64) float64 {
	if math.IsInf(freedom, 1) || freedom > 1e7 {
		return math.Sqrt2 * math.Erfinv(2*p-1)
	}
	x := mathext.InvRegIncBeta(freedom/2, 0.5, 2*(1-p))
	return math.Sqrt(freedom * (1 - x) / x)
}

// StudentHalf is half the width of a 95 % interval of one more of n draws, in
// their deviations; 0 of a single one.
func StudentHalf(n int) float64 {
	if n < 2 {
		return 0
	}
	return tQuantile(0.975, float64(n-1))
}

// fTail is the probability that Fisher's F is above f.
func fTail(f, m, n float64) float64 {
	if f <= 0 {
		return 1
	}
	return mathext.RegIncBeta(n/2, m/2, n/(n+m*f))
}
