package stats

import "math"

// Wilson is the 95 % score interval of a share of successes in n independent
// trials (Wilson 1927; without continuity correction). No trials give 0..1.
func Wilson(successes, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	return wilson(float64(successes)/float64(n), float64(n))
}

// wilson is the interval of a share of a number of trials that need not be
// whole.
func wilson(p, n float64) (low, high float64) {
	const z2 = Z95 * Z95
	center := (p + z2/(2*n)) / (1 + z2/n)
	half := Z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	low, high = max(0, center-half), min(1, center+half)
	if p == 0 {
		low = 0
	}
	if p == 1 {
		high = 1
	}
	return low, high
}
