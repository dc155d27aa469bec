package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func area(pos, neg []float64) AUC { return NewAUC(Independent(pos, neg)) }

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
		if got, want := area(pos, neg).Value, pairs(pos, neg); got != want {
			t.Fatalf("AUC of %v over %v is %v, want %v", pos, neg, got, want)
		}
	}
}

// The data of DeLong, DeLong and Clarke-Pearson (1988): albumin, total protein
// and K-G score of 43 patients with ovarian cancer, and whether they died. The
// figures are those that SAS/STAT prints for them ("Comparing Receiver Operating
// Characteristic Curves", PROC LOGISTIC).
var ovarian = [][4]float64{
	{3.0, 5.8, 10, 0}, {3.2, 6.3, 5, 1}, {3.9, 6.8, 3, 1}, {2.8, 4.8, 6, 0}, {3.2, 5.8, 3, 1}, {0.9, 4.0, 5, 0},
	{2.5, 5.7, 8, 0}, {1.6, 5.6, 5, 1}, {3.8, 5.7, 5, 1}, {3.7, 6.7, 6, 1}, {3.2, 5.4, 4, 1}, {3.8, 6.6, 6, 1},
	{4.1, 6.6, 5, 1}, {3.6, 5.7, 5, 1}, {4.3, 7.0, 4, 1}, {3.6, 6.7, 4, 0}, {2.3, 4.4, 6, 1}, {4.2, 7.6, 4, 0},
	{4.0, 6.6, 6, 0}, {3.5, 5.8, 6, 1}, {3.8, 6.8, 7, 1}, {3.0, 4.7, 8, 0}, {4.5, 7.4, 5, 1}, {3.7, 7.4, 5, 1},
	{3.1, 6.6, 6, 1}, {4.1, 8.2, 6, 1}, {4.3, 7.0, 5, 1}, {4.3, 6.5, 4, 1}, {3.2, 5.1, 5, 1}, {2.6, 4.7, 6, 1},
	{3.3, 6.8, 6, 0}, {1.7, 4.0, 7, 0}, {3.7, 6.1, 5, 1}, {3.3, 6.3, 7, 1}, {4.2, 7.7, 6, 1}, {3.5, 6.2, 5, 1},
	{2.9, 5.7, 9, 0}, {2.1, 4.8, 7, 1}, {2.8, 6.2, 8, 0}, {4.0, 7.0, 7, 1}, {3.3, 5.7, 6, 1}, {3.7, 6.9, 5, 1}, {3.6, 6.6, 5, 1},
}

func ovarianAUC(test int) AUC {
	var pos, neg []float64
	for _, p := range ovarian {
		score := p[test]
		if test == 2 { // a high K-G score is a bad sign
			score = -score
		}
		if p[3] == 1 {
			pos = append(pos, score)
		} else {
			neg = append(neg, score)
		}
	}
	return area(pos, neg)
}

func TestDeLongsOwnData(t *testing.T) {
	const albumin, protein, score = 0, 1, 2
	for test, want := range map[int]string{albumin: "0.7366 0.0927", protein: "0.6478 0.1000", score: "0.7258 0.1028"} {
		a := ovarianAUC(test)
		if got := fmt.Sprintf("%.4f %.4f", a.Value, math.Sqrt(a.Variance)); got != want {
			t.Errorf("test %d: area and standard error %s, want %s", test, got, want)
		}
	}
	// SAS takes the normal distribution for Student's t.
	for test, want := range map[int]string{albumin: "0.0108 -0.1761 0.1976 0.9102", protein: "-0.0780 -0.2830 0.1271 0.4561"} {
		d := Compare(ovarianAUC(test), ovarianAUC(score))
		half := Z95 * d.Error
		p := math.Erfc(math.Abs(d.Value) / d.Error / math.Sqrt2)
		if got := fmt.Sprintf("%.4f %.4f %.4f %.4f", d.Value, d.Value-half, d.Value+half, p); got != want {
			t.Errorf("test %d against the K-G score: difference, interval and p %s, want %s", test, got, want)
		}
		if !(d.Low < d.Value-half) || !(d.High > d.Value+half) || !(d.P > p) || d.Freedom < 11 || d.Freedom > 41 {
			t.Errorf("test %d: %+v is not wider", test, d)
		}
	}
}

func TestEqualScoresDoNotDiffer(t *testing.T) {
	a := ovarianAUC(0)
	if d := Compare(a, a); d.Value != 0 || d.Low != 0 || d.High != 0 || d.P != 1 {
		t.Errorf("an area beside itself: %+v", d)
	}
}

// Where there is little or no variance to estimate, the interval is wide.
func TestIntervalOfFewFilms(t *testing.T) {
	samples := func(patients []int, scores ...float64) (list []Sample) {
		for i, s := range scores {
			list = append(list, Sample{s, patients[i]})
		}
		return list
	}
	tests := map[string]struct {
		pos, neg []Sample
		width    float64 // at least
	}{
		"classes that do not overlap":     {samples([]int{1, 2, 3}, 3, 4, 5), samples([]int{4, 5, 6}, 0, 1, 2), 0.35},
		"the wrong way around":            {samples([]int{1, 2}, 0, 1), samples([]int{3, 4}, 2, 3), 0.4},
		"one film of each":                {samples([]int{1}, 1), samples([]int{2}, 0), 0.5},
		"one positive":                    {samples([]int{1}, 1.5), samples([]int{2, 3, 4}, 0, 2, 3), 0.5},
		"all scores equal":                {samples([]int{1, 2, 3}, 1, 1, 1), samples([]int{4, 5}, 1, 1), 0.6},
		"all positives of one patient":    {samples([]int{1, 1, 1, 1, 1}, 5, 6, 7, 8, 9), samples([]int{2, 3, 4, 5, 6}, 1, 2, 3, 4, 5.5), 0.35},
		"one patient of each class":       {samples([]int{1, 1, 1}, 5, 6, 7), samples([]int{2, 2, 2}, 1, 2, 3), 0.5},
		"all films of one patient":        {samples([]int{1, 1, 1}, 5, 6, 7), samples([]int{1, 1, 1}, 1, 2, 3), 0.5},
		"equal films of several patients": {samples([]int{1, 1, 2, 2}, 5, 5, 5, 5), samples([]int{3, 3, 4, 4}, 1, 1, 1, 1), 0.4},
	}
	for name, test := range tests {
		a := NewAUC(test.pos, test.neg)
		if !(a.High-a.Low >= test.width) || a.Low < 0 || a.High > 1 || a.Low > a.Value || a.High < a.Value {
			t.Errorf("%s: %v, interval %v to %v", name, a.Value, a.Low, a.High)
		}
		if d := Compare(a, a); !math.IsNaN(d.P) {
			t.Errorf("%s: p is %v", name, d.P)
		}
	}
	// A difference that rounding alone decides: two against two.
	a, b := area([]float64{1, 3}, []float64{0, 2}), area([]float64{2, 3}, []float64{0, 1})
	if d := Compare(a, b); !math.IsNaN(d.P) || d.High-d.Low < 0.5 {
		t.Errorf("two against two: %+v", d)
	}
}

// Beside scipy.integrate.quad of the probability given what the two share.
func TestBothBelow(t *testing.T) {
	for theta, want := range map[float64]float64{0.01: 0.0012939244182646578, 0.3: 0.15676732068242102, 0.5: 1.0 / 3, 0.8: 0.6871505666645703, 0.95: 0.912189428767175, 0.999: 0.9980542591681946} {
		if got := bothBelow(theta); math.Abs(got-want) > 1e-9 {
			t.Errorf("at %v: %v, want %v", theta, got, want)
		}
	}
}

func TestAveragePrecision(t *testing.T) {
	// scikit-learn's example of average_precision_score.
	if got := AveragePrecision([]float64{0.35, 0.8}, []float64{0.1, 0.4}); math.Abs(got-5.0/6) > 1e-15 {
		t.Errorf("0.8333 expected, got %v", got)
	}
	// By the definition, threshold by threshold.
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		pos, neg := make([]float64, 1+rng.IntN(10)), make([]float64, rng.IntN(10))
		for i := range pos {
			pos[i] = float64(rng.IntN(6))
		}
		for i := range neg {
			neg[i] = float64(rng.IntN(6))
		}
		var want, recall float64
		for threshold := 6.0; threshold >= 0; threshold-- {
			tp, fp := 0.0, 0.0
			for _, s := range pos {
				if s >= threshold {
					tp++
				}
			}
			for _, s := range neg {
				if s >= threshold {
					fp++
				}
			}
			if tp > 0 {
				want += (tp/float64(len(pos)) - recall) * tp / (tp + fp)
				recall = tp / float64(len(pos))
			}
		}
		if got := AveragePrecision(pos, neg); math.Abs(got-want) > 1e-14 {
			t.Fatalf("positives %v, negatives %v: %v, want %v", pos, neg, got, want)
		}
	}
}
