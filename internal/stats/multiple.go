package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm corrects p values for their number so that the chance of any false one
// among those at most 0.05 is at most 5 % (Holm 1979). Unknown ones (NaN) stay so
// and do not count.
func Holm(p []float64) []float64 {
	return step(p, func(rank, n int, v, before float64) float64 { return max(before, min(1, float64(n-rank)*v)) }, false)
}

// BenjaminiHochberg corrects p values so that of those at most 0.05 no more than
// 5 % are false on average, if the tests are independent or go together
// (Benjamini and Hochberg 1995). Unknown ones stay so and do not count.
func BenjaminiHochberg(p []float64) []float64 {
	return step(p, func(rank, n int, v, before float64) float64 { return min(before, float64(n)/float64(rank+1)*v) }, true)
}

// step corrects from the least p value up, or from the largest down.
func step(p []float64, correct func(rank, n int, v, before float64) float64, down bool) []float64 {
	var order []int
	out := make([]float64, len(p))
	for i, v := range p {
		if out[i] = v; !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	before := 0.0
	if down {
		before = 1
	}
	for k := range order {
		rank := k
		if down {
			rank = len(order) - 1 - k
		}
		before = correct(rank, len(order), p[order[rank]], before)
		out[order[rank]] = before
	}
	return out
}
