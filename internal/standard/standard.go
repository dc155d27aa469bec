// Package standard brings features to mean 0 and deviation 1: the one
// standardization that all trainers share.
package standard

import "math"

// Fit learns the mean and the inverse deviation of each feature over rows, each
// with its weight, in float64. A feature that never varies has the scale 0, so
// that it is left out. The weights must not all be 0.
func Fit(rows [][]float32, weight func(row int) float64, dim int) (mean, scale []float64) {
	mean, scale = make([]float64, dim), make([]float64, dim)
	var total float64
	for i := range rows {
		total += weight(i)
	}
	for i, row := range rows {
		share := weight(i) / total
		for j, v := range row {
			mean[j] += share * float64(v)
		}
	}
	variance := make([]float64, dim)
	for i, row := range rows {
		share := weight(i) / total
		for j, v := range row {
			variance[j] += share * (float64(v) - mean[j]) * (float64(v) - mean[j])
		}
	}
	for j, v := range variance {
		// Below this a deviation is nothing but the mean's rounding.
		if deviation := math.Sqrt(v); deviation > 1e-12*math.Abs(mean[j]) && deviation > 0 {
			scale[j] = 1 / deviation
		}
	}
	return mean, scale
}

// Raw leaves features as they are.
func Raw(dim int) (mean, scale []float64) {
	mean, scale = make([]float64, dim), make([]float64, dim)
	for j := range scale {
		scale[j] = 1
	}
	return mean, scale
}
