// Package stats holds the statistics behind head's reports.
package stats

import (
	"math"
	"slices"
)

// Z95 is the standard normal quantile of two-sided 95 % intervals.
const Z95 = 1.959963984540054

// AUC is an area under the ROC curve with what is needed for its interval and
// for comparing it with another one on the same films.
type AUC struct {
	Value    float64
	Variance float64 // DeLong's; 0 if the classes do not overlap
	Low      float64 // 95 % interval, within 0..1
	High     float64

	// Structural components (DeLong 1988, eq. 4): for each positive the share
	// of negatives it beats, for each negative the share of positives that
	// beat it. Ties count half.
	positive, negative []float64
}

// NewAUC computes the area from scores of positives and of negatives, with
// DeLong's variance by midranks (DeLong, DeLong and Clarke-Pearson 1988; Sun and
// Xu 2014). Both must be non-empty and hold no NaN. Ties are counted half.
func NewAUC(positives, negatives []float64) AUC {
	m, n := len(positives), len(negatives)
	all := midranks(append(append(make([]float64, 0, m+n), positives...), negatives...))
	own, others := midranks(positives), midranks(negatives)
	a := AUC{positive: make([]float64, m), negative: make([]float64, n)}
	for i := range positives {
		a.positive[i] = (all[i] - own[i]) / float64(n)
		a.Value += a.positive[i] / float64(m)
	}
	for j := range negatives {
		a.negative[j] = 1 - (all[m+j]-others[j])/float64(m)
	}
	a.Variance = covariance(a.positive, a.positive)/float64(m) + covariance(a.negative, a.negative)/float64(n)
	half := Z95 * math.Sqrt(a.Variance)
	a.Low, a.High = math.Max(0, a.Value-half), math.Min(1, a.Value+half)
	return a
}

// midranks are the ranks of the values from 1; equal values share the mean of
// theirs.
func midranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	ranks := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// covariance is the unbiased sample covariance; 0 for fewer than two values.
func covariance(x, y []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	mx, my := mean(x), mean(y)
	var sum float64
	for i := range x {
		sum += (x[i] - mx) * (y[i] - my)
	}
	return sum / float64(len(x)-1)
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
