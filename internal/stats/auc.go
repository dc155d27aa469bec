// Package stats holds the statistics behind head's reports.
package stats

import (
	"cmp"
	"math"
	"slices"
)

// Z95 is the standard normal quantile of two-sided 95 % intervals.
const Z95 = 1.959963984540054

// AUC is an area under the ROC curve with what is needed for its interval and
// for comparing it with another one on the same films.
type AUC struct {
	Value     float64
	Variance  float64 // 0 where there is nothing to estimate it from
	Low, High float64 // 95 % interval, within 0..1
	Score     bool    // the interval is Newcombe's score interval, as Variance is 0

	components
}

// components are DeLong's structural components (1988, eq. 4): for each positive
// the share of negatives that it beats, for each negative the share of
// positives that beat it. Ties count half. Each comes with its patient.
type components struct{ positive, negative []component }

type component struct {
	patient int
	value   float64
}

// A Sample is the score of a film and whose film it is.
type Sample struct {
	Score   float64
	Patient int
}

// Independent makes samples of scores, each of a patient of its own.
func Independent(positives, negatives []float64) (p, n []Sample) {
	for _, s := range positives {
		p = append(p, Sample{s, len(p)})
	}
	for _, s := range negatives {
		n = append(n, Sample{s, len(p) + len(n)})
	}
	return p, n
}

// NewAUC computes the area from the scores of films with a finding and of films
// without, by midranks (Sun and Xu 2014), ties counted half. The variance is
// DeLong's (DeLong, DeLong and Clarke-Pearson 1988) in the form for patients
// with several films (Obuchowski 1997), which is the same where every patient
// has one. Neither list may be empty or hold a NaN.
func NewAUC(positives, negatives []Sample) AUC {
	m, n := len(positives), len(negatives)
	all := midranks(slices.Concat(positives, negatives))
	own, others := midranks(positives), midranks(negatives)
	a := AUC{components: components{make([]component, m), make([]component, n)}}
	for i, s := range positives {
		a.positive[i] = component{s.Patient, (all[i] - own[i]) / float64(n)}
		a.Value += all[i] - own[i]
	}
	// Sums of halves are exact, so the order of films does not matter.
	a.Value /= float64(m) * float64(n)
	for j, s := range negatives {
		a.negative[j] = component{s.Patient, 1 - (all[m+j]-others[j])/float64(m)}
	}
	a.Variance = a.variance(a.Value)
	if !(a.Variance > 0) {
		a.Variance, a.Score = 0, true
		a.Low, a.High = scoreInterval(a.Value, patients(a.positive), patients(a.negative))
		return a
	}
	half := Z95 * math.Sqrt(a.Variance)
	a.Low, a.High = math.Max(0, a.Value-half), math.Min(1, a.Value+half)
	return a
}

// A Difference of two areas.
type Difference struct{ Value, Low, High, P float64 }

// Compare tests the difference a - b of two scores' areas on the same films in
// the same order (DeLong 1988, with patients as in [NewAUC]). P is two-sided.
// Without variance the interval is one point and P is 1 or 0.
func Compare(a, b AUC) Difference {
	d := Difference{Value: a.Value - b.Value}
	c := components{minus(a.positive, b.positive), minus(a.negative, b.negative)}
	deviation := math.Sqrt(math.Max(0, c.variance(d.Value)))
	d.Low, d.High = math.Max(-1, d.Value-Z95*deviation), math.Min(1, d.Value+Z95*deviation)
	switch {
	case deviation > 0:
		d.P = math.Erfc(math.Abs(d.Value) / deviation / math.Sqrt2)
	case d.Value == 0:
		d.P = 1
	}
	return d
}

func minus(a, b []component) []component {
	d := make([]component, len(a))
	for i := range a {
		d[i] = component{a[i].patient, a[i].value - b[i].value}
	}
	return d
}

// variance of the mean of the components (Obuchowski 1997, eq. 2 to 5). It is
// not a number if one class has a single patient.
func (c components) variance(mean float64) float64 {
	type sums struct{ positive, negative float64 }
	byPatient := map[int]*sums{}
	of := func(patient int) *sums {
		s := byPatient[patient]
		if s == nil {
			s = &sums{}
			byPatient[patient] = s
		}
		return s
	}
	var order []int // of first appearance: sums must not depend on a map's order
	visit := func(list []component, add func(s *sums, deviation float64)) {
		for _, v := range list {
			if byPatient[v.patient] == nil {
				order = append(order, v.patient)
			}
			add(of(v.patient), v.value-mean)
		}
	}
	visit(c.positive, func(s *sums, d float64) { s.positive += d })
	visit(c.negative, func(s *sums, d float64) { s.negative += d })
	var s10, s01, s11 float64
	for _, patient := range order {
		s := byPatient[patient]
		s10 += s.positive * s.positive
		s01 += s.negative * s.negative
		s11 += s.positive * s.negative
	}
	m, n := float64(len(c.positive)), float64(len(c.negative))
	unbiased := func(k int) float64 { return float64(k) / float64(k-1) }
	return unbiased(patients(c.positive))*s10/(m*m) + unbiased(patients(c.negative))*s01/(n*n) +
		2*unbiased(len(order))*s11/(m*n)
}

// patients counts them.
func patients(list []component) int {
	seen := map[int]bool{}
	for _, v := range list {
		seen[v.patient] = true
	}
	return len(seen)
}

// midranks are the ranks of the scores from 1; equal scores share the mean of
// theirs.
func midranks(samples []Sample) []float64 {
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(samples[a].Score, samples[b].Score) })
	ranks := make([]float64, len(samples))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && samples[order[j]].Score == samples[order[i]].Score {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// AveragePrecision is the area under the precision-recall curve as a sum of
// steps, without interpolation: the precision at each positive, equal scores
// taken together. Positives must not be empty.
func AveragePrecision(positives, negatives []float64) float64 {
	p, n := slices.Clone(positives), slices.Clone(negatives)
	slices.Sort(p)
	slices.Sort(n)
	var sum float64
	for i := len(p); i > 0; {
		first, _ := slices.BinarySearch(p, p[i-1])
		above, _ := slices.BinarySearch(n, p[i-1])
		found := len(p) - first
		sum += float64(i-first) * float64(found) / float64(found+len(n)-above)
		i = first
	}
	return sum / float64(len(p))
}
