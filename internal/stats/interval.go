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

// scoreInterval is the 95 % interval of an area under the ROC curve of m
// positives and n negatives from where it stands alone: Newcombe's method 5,
// "Confidence intervals for an effect size measure based on the Mann-Whitney
// statistic", part 2 (Statistics in Medicine 25, 2006). Unlike DeLong's it has
// a width where the classes do not overlap.
func scoreInterval(auc float64, m, n int) (low, high float64) {
	size := float64(m+n)/2 - 1
	// far tells whether theta is further from auc than its own spread allows.
	far := func(theta float64) bool {
		variance := theta * (1 - theta) * (1 + size*(1-theta)/(2-theta) + size*theta/(1+theta)) / (float64(m) * float64(n))
		return (auc-theta)*(auc-theta) > Z95*Z95*variance
	}
	bisect := func(outside, inside float64) float64 {
		for range 60 {
			if middle := (outside + inside) / 2; far(middle) {
				outside = middle
			} else {
				inside = middle
			}
		}
		return inside
	}
	low, high = 0, 1
	if auc > 0 {
		low = bisect(0, auc)
	}
	if auc < 1 {
		high = bisect(1, auc)
	}
	return low, high
}

// TwoSided is the probability of a standard normal at least as far from 0 as z.
func TwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }
