package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The definition: the share of pairs in which the positive scores higher, ties
// counted half.
func pairs(pos, neg []float64) float64 {
	var sum float64
	for _, p := range pos {
		for _, n := range neg {
			switch {
			case p > n:
				sum++
			case p == n:
				sum += 0.5
			}
		}
	}
	return sum / float64(len(pos)*len(neg))
}

func TestAUCIsTheShareOfOrderedPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		pos, neg := make([]float64, 1+rng.IntN(30)), make([]float64, 1+rng.IntN(30))
		for i := range pos {
			pos[i] = float64(rng.IntN(8)) // many ties
		}
		for i := range neg {
			neg[i] = float64(rng.IntN(7))
		}
		if got, want := NewAUC(pos, neg).Value, pairs(pos, neg); math.Abs(got-want) > 1e-12 {
			t.Fatalf("AUC of %v over %v is %v, want %v", pos, neg, got, want)
		}
	}
}

// The variance by the definition of DeLong et al. 1988, eq. 4 to 7, without
// ranks.
func TestVarianceIsDeLongs(t *testing.T) {
	pos := []float64{0.9, 0.8, 0.8, 0.55, 0.4}
	neg := []float64{0.7, 0.55, 0.3, 0.2, 0.2, 0.1}
	var v10, v01 []float64
	for _, p := range pos {
		v10 = append(v10, pairs([]float64{p}, neg))
	}
	for _, n := range neg {
		v01 = append(v01, pairs(pos, []float64{n}))
	}
	variance := func(v []float64) (s float64) {
		m := 0.0
		for _, x := range v {
			m += x / float64(len(v))
		}
		for _, x := range v {
			s += (x - m) * (x - m) / float64(len(v)-1)
		}
		return s
	}
	want := variance(v10)/float64(len(pos)) + variance(v01)/float64(len(neg))
	if got := NewAUC(pos, neg).Variance; math.Abs(got-want) > 1e-15 {
		t.Errorf("variance %v, want %v", got, want)
	}
}

func TestIntervalStaysWithinBounds(t *testing.T) {
	a := NewAUC([]float64{3, 4, 2.5}, []float64{1, 2, 2.7})
	if a.Low < 0 || a.High != 1 || a.Low >= a.Value {
		t.Errorf("AUC %v, interval %v to %v", a.Value, a.Low, a.High)
	}
	if a := NewAUC([]float64{1}, []float64{0}); a.Value != 1 || a.Low != 1 || a.High != 1 {
		t.Errorf("one film of each class: %v, interval %v to %v", a.Value, a.Low, a.High)
	}
}

// 95 % intervals must hold the truth in 95 % of samples. For scores N(1,1)
// against N(0,1) the true area is Phi(1/sqrt 2).
func TestIntervalCoverage(t *testing.T) {
	truth := 0.5 * math.Erfc(-1/math.Sqrt2/math.Sqrt2)
	rng := rand.New(rand.NewPCG(7, 7))
	const rounds = 2000
	covered := 0
	for range rounds {
		pos, neg := make([]float64, 60), make([]float64, 90)
		for i := range pos {
			pos[i] = 1 + rng.NormFloat64()
		}
		for i := range neg {
			neg[i] = rng.NormFloat64()
		}
		if a := NewAUC(pos, neg); a.Low <= truth && truth <= a.High {
			covered++
		}
	}
	if share := float64(covered) / rounds; share < 0.93 || share > 0.97 {
		t.Errorf("intervals held the truth in %.1f %% of samples", 100*share)
	}
}
