package stats

import "math"

// CrossValidated is the mean area over the folds of cross-validations, which
// each film is in one test fold of: score[r][i] is that of film i by the head of
// repetition r that has not seen it, and fold[r][i] the number of that head's
// fold. Films of one patient share a fold. Folds without both classes are left
// out; used tells how many are left. The variance is that of the influence curve
// (LeDell, Petersen and van der Laan 2015), by patient, over the mean of the
// repetitions, made larger by the films tested over those trained on (Nadeau and
// Bengio 2003), as folds share their training films; the interval is made of it
// as [NewAUC] makes it. Films of the only patient of a class in a fold say nothing
// of how patients differ within it: they count by what they are off the mean area of
// all folds, which makes the interval rather too wide. It is about the heads that were trained: another training
// set would move it further.
func CrossValidated(patient []int, positive []bool, score [][]float64, fold [][]int) (a AUC, used int) {
	type tested struct {
		AUC
		at [2][]int // its films of either class
	}
	var folds []tested
	for r := range score {
		films := map[int][]int{}
		last := 0
		for i, f := range fold[r] {
			films[f] = append(films[f], i)
			last = max(last, f)
		}
		for f := 0; f <= last; f++ {
			var p, n []Sample
			var at [2][]int
			for _, i := range films[f] {
				s := Sample{score[r][i], patient[i]}
				if positive[i] {
					p, at[1] = append(p, s), append(at[1], i)
				} else {
					n, at[0] = append(n, s), append(at[0], i)
				}
			}
			if len(p) > 0 && len(n) > 0 {
				folds = append(folds, tested{NewAUC(p, n), at})
				a.Value += folds[len(folds)-1].Value
			}
		}
	}
	used = len(folds)
	if used == 0 {
		return AUC{}, 0
	}
	a.Value /= float64(used)
	sum := make([]float64, len(patient)) // of the films' components, less the area that they scatter about
	for _, one := range folds {
		for class, list := range [][]component{one.negative, one.positive} {
			about := one.Value
			if patients(list) == 1 { // its films scatter about the fold's area by themselves
				about = a.Value
			}
			for k, c := range list {
				sum[one.at[class][k]] += (c.value - about) / float64(len(list))
			}
		}
	}
	var m, n float64
	for _, p := range positive {
		if p {
			m++
		} else {
			n++
		}
	}
	for i, v := range sum {
		if positive[i] {
			a.positive = append(a.positive, component{patient[i], a.Value + v*m/float64(used)})
		} else {
			a.negative = append(a.negative, component{patient[i], a.Value + v*n/float64(used)})
		}
	}
	s := a.spread(a.Value)
	if folds := float64(used) / float64(len(score)); folds > 1 {
		s.overlap = 1 + 1/(folds-1)
	}
	a.overlap = s.overlap
	a.Variance = s.variance() * math.Max(1, s.overlap)
	a.PositivePatients, a.NegativePatients = s.positive.patients, s.negative.patients
	a.Positives, a.Negatives, a.Low, a.High = s.interval(a.Value)
	return a, used
}
