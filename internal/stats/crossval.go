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
// as [NewAUC] makes it. It is about the heads that were trained: another training
// set would move it further.
func CrossValidated(patient []int, positive []bool, score [][]float64, fold [][]int) (a AUC, used int) {
	sum := make([]float64, len(patient)) // of the films' components, less their fold's area
	for r := range score {
		folds := map[int][]int{}
		last := 0
		for i, f := range fold[r] {
			folds[f] = append(folds[f], i)
			last = max(last, f)
		}
		for f := 0; f <= last; f++ {
			var p, n []Sample
			var at [2][]int
			for _, i := range folds[f] {
				s := Sample{score[r][i], patient[i]}
				if positive[i] {
					p, at[1] = append(p, s), append(at[1], i)
				} else {
					n, at[0] = append(n, s), append(at[0], i)
				}
			}
			if len(p) == 0 || len(n) == 0 {
				continue
			}
			used++
			one := NewAUC(p, n)
			a.Value += one.Value
			for k, c := range one.positive {
				sum[at[1][k]] += (c.value - one.Value) / float64(len(p))
			}
			for k, c := range one.negative {
				sum[at[0][k]] += (c.value - one.Value) / float64(len(n))
			}
		}
	}
	if used == 0 {
		return AUC{}, 0
	}
	a.Value /= float64(used)
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
