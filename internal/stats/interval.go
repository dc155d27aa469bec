package stats

import "math"

// Wilson is the 95 % score interval of a share of successes in n trials
// (Wilson 1927; without continuity correction). No trials give 0..1.
func Wilson(successes, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z2 = Z95 * Z95
	p, size := float64(successes)/float64(n), float64(n)
	center := (p + z2/(2*size)) / (1 + z2/size)
	half := Z95 / (1 + z2/size) * math.Sqrt(p*(1-p)/size+z2/(4*size*size))
	low, high = max(0, center-half), min(1, center+half)
	if successes == 0 {
		low = 0
	}
	if successes == n {
		high = 1
	}
	return low, high
}
