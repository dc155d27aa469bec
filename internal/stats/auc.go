// Package stats holds the statistics behind head's reports.
package stats

import (
	"cmp"
	"slices"
)

// Z95 is the standard normal quantile of two-sided 95 % intervals.
const Z95 = 1.959963984540054

// AUC is an area under the ROC curve with what is needed for its interval and
// for comparing it with another one on the same films.
type AUC struct {
	Value     float64
	Variance  float64 // of the estimate, by patient; not a number where one class has a single patient
	Low, High float64 // 95 % interval, within 0..1

	// Positives and Negatives are effective numbers of films: as many
	// independent ones would say as much. Patients counts those of each class.
	Positives, Negatives               float64
	PositivePatients, NegativePatients int

	components
	overlap float64 // as of a spread
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
// has one. The interval is that of [spread.interval]. Neither list may be empty
// or hold a NaN.
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
	s := a.spread(a.Value)
	a.Variance = s.variance()
	a.PositivePatients, a.NegativePatients = s.positive.patients, s.negative.patients
	a.Positives, a.Negatives, a.Low, a.High = s.interval(a.Value)
	return a
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
