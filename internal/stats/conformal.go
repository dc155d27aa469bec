package stats

import (
	"cmp"
	"math"
	"slices"
)

// Conformal is the least score that a film may have and still be taken for one
// of a class, of which samples are given that the head has not been trained on:
// a new film of the class, of a new patient, reaches it with a probability of at
// least level (0..1). The larger a sample's score is, the more it is like its
// class. Each patient counts once, whatever the number of films (Dunn, Wasserman
// and Ramdas 2022); of single films it is the class-conditional conformal
// predictor (Vovk 2012). Where patients are too few to tell, less than
// level/(1-level), every film may be of the class: negative infinity.
func Conformal(samples []Sample, level float64) float64 {
	films := map[int]float64{}
	for _, s := range samples {
		films[s.Patient]++
	}
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b Sample) int { return cmp.Compare(a.Score, b.Score) })
	// The rank of a new film, with itself, among patients and it, must be above
	// 1-level.
	need := (1-level)*float64(len(films)+1) - 1
	const rounding = 1e-9
	if need < -rounding {
		return math.Inf(-1)
	}
	var mass float64
	for i, s := range sorted {
		mass += 1 / films[s.Patient]
		if (i+1 == len(sorted) || sorted[i+1].Score != s.Score) && mass > need+rounding {
			return s.Score
		}
	}
	return math.Inf(-1)
}
