package stats

import (
	"math/rand/v2"
	"testing"
)

// Two encoders whose features tell equally much, each of its own, are found to
// differ in no more than 5 % of cross-validations, but for chance; two that differ,
// mostly.
func TestComparingCrossValidatedAreas(t *testing.T) {
	const patients, folds, repeats = 120, 5, 2
	differ := func(seed uint64, shifts [2]float64) float64 {
		return simulate(seed, func(rng *rand.Rand) bool {
			positive, patient, fold := make([]bool, patients), make([]int, patients), make([][]int, repeats)
			for p := range patients {
				positive[p], patient[p] = p%3 == 0, p
			}
			for r := range fold {
				fold[r] = make([]int, patients)
				for i, p := range rng.Perm(patients) {
					fold[r][p] = i % folds
				}
			}
			var areas [2]AUC
			for k, shift := range shifts {
				areas[k], _ = CrossValidated(patient, positive, meanScores(rng, positive, fold, shift), fold)
			}
			return Compare(areas[0], areas[1]).P < 0.05
		})
	}
	for i, shift := range []float64{0.2, 0.4, 0.7} {
		share := differ(uint64(i), [2]float64{shift, shift})
		t.Logf("shift %v: equal encoders differ in %.1f %%", shift, 100*share)
		if share > 0.05+0.0308 {
			t.Errorf("shift %v: equal encoders differ in %.1f %%", shift, 100*share)
		}
		if !*long {
			break // the one where most do
		}
	}
	share := differ(9, [2]float64{0.1, 0.6})
	t.Logf("encoders that differ are found to in %.1f %%", 100*share)
	if share < 0.8 {
		t.Error("encoders that differ are not found to")
	}
}

// meanScores are of films with features of their own, by heads that learn the
// difference of two means in eight dimensions from the other folds.
func meanScores(rng *rand.Rand, positive []bool, fold [][]int, shift float64) [][]float64 {
	x := make([][8]float64, len(positive))
	for i := range x {
		for j := range x[i] {
			x[i][j] = rng.NormFloat64()
			if positive[i] {
				x[i][j] += shift
			}
		}
	}
	score := make([][]float64, len(fold))
	for r, of := range fold {
		score[r] = make([]float64, len(x))
		for i, own := range of {
			var mean [2][8]float64
			var count [2]float64
			for k := range x {
				if of[k] == own {
					continue
				}
				class := 0
				if positive[k] {
					class = 1
				}
				count[class]++
				for j, v := range x[k] {
					mean[class][j] += v
				}
			}
			for j, v := range x[i] {
				score[r][i] += v * (mean[1][j]/count[1] - mean[0][j]/count[0])
			}
		}
	}
	return score
}
