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
	for test, want := range map[int]string{
		albumin: "0.7366 0.0927 0.5549 0.9182",
		protein: "0.6478 0.1000 0.4518 0.8439",
		score:   "0.7258 0.1028 0.5243 0.9273",
	} {
		a := ovarianAUC(test)
		if got := fmt.Sprintf("%.4f %.4f %.4f %.4f", a.Value, math.Sqrt(a.Variance), a.Low, a.High); got != want {
			t.Errorf("test %d: area, standard error and interval %s, want %s", test, got, want)
		}
	}
	for test, want := range map[int]string{
		albumin: "0.0108 -0.1761 0.1976 0.9102",
		protein: "-0.0780 -0.2830 0.1271 0.4561",
	} {
		d := Compare(ovarianAUC(test), ovarianAUC(score))
		if got := fmt.Sprintf("%.4f %.4f %.4f %.4f", d.Value, d.Low, d.High, d.P); got != want {
			t.Errorf("test %d against the K-G score: difference, interval and p %s, want %s", test, got, want)
		}
	}
}

func TestEqualScoresDoNotDiffer(t *testing.T) {
	a := ovarianAUC(0)
	if d := Compare(a, a); d != (Difference{P: 1}) {
		t.Errorf("an area beside itself: %+v", d)
	}
}

// Where there is no variance to estimate, the interval still has a width.
func TestIntervalWithoutVariance(t *testing.T) {
	tests := map[string]struct{ pos, neg []float64 }{
		"classes that do not overlap": {[]float64{3, 4, 5}, []float64{0, 1, 2}},
		"the wrong way around":        {[]float64{0, 1}, []float64{2, 3}},
		"one film of each":            {[]float64{1}, []float64{0}},
		"one positive":                {[]float64{1}, []float64{0, 2, 3}},
		"all scores equal":            {[]float64{1, 1, 1}, []float64{1, 1}},
	}
	for name, test := range tests {
		a := area(test.pos, test.neg)
		if !a.Score || !(a.High-a.Low > 0.3) || a.Low < 0 || a.High > 1 || a.Low > a.Value || a.High < a.Value {
			t.Errorf("%s: %v, interval %v to %v, by score %v", name, a.Value, a.Low, a.High, a.Score)
		}
	}
}

// Newcombe's interval inverts its own variance: at both ends the area is Z95
// standard errors away.
func TestScoreInterval(t *testing.T) {
	for _, auc := range []float64{0, 0.3, 0.5, 0.92, 1} {
		const m, n = 12, 30
		low, high := scoreInterval(auc, m, n)
		for _, theta := range []float64{low, high} {
			if theta == 0 || theta == 1 {
				continue
			}
			size := float64(m+n)/2 - 1
			se := math.Sqrt(theta * (1 - theta) / (m * n) * (1 + size*((1-theta)/(2-theta)+theta/(1+theta))))
			if z := math.Abs(auc-theta) / se; math.Abs(z-Z95) > 1e-6 {
				t.Errorf("area %v: end %v is %v standard errors away", auc, theta, z)
			}
		}
	}
}

// 95 % intervals must hold the truth in 95 % of samples. For scores N(1,1)
// against N(0,1) the true area is Phi(1/sqrt 2); with films of one patient
// sharing half of their spread, intervals that took films for independent would
// be too narrow.
func TestIntervalCoverage(t *testing.T) {
	truth := 0.5 * math.Erfc(-1/math.Sqrt2/math.Sqrt2)
	for name, test := range map[string]struct {
		films          int // a patient
		shared, within float64
	}{
		"one film a patient":   {1, 0, 1},
		"five films a patient": {5, math.Sqrt(0.5), math.Sqrt(0.5)},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 7))
			const rounds = 2000
			covered, naive := 0, 0
			for range rounds {
				var pos, neg []Sample
				for patient := range 150 {
					center := test.shared * rng.NormFloat64()
					for range test.films {
						s := Sample{center + test.within*rng.NormFloat64(), patient}
						if patient < 60 {
							s.Score++
							pos = append(pos, s)
						} else {
							neg = append(neg, s)
						}
					}
				}
				if a := NewAUC(pos, neg); a.Low <= truth && truth <= a.High {
					covered++
				}
				for i := range pos {
					pos[i].Patient = i
				}
				for i := range neg {
					neg[i].Patient = len(pos) + i
				}
				if a := NewAUC(pos, neg); a.Low <= truth && truth <= a.High {
					naive++
				}
			}
			if share := float64(covered) / rounds; share < 0.93 || share > 0.97 {
				t.Errorf("intervals held the truth in %.1f %% of samples", 100*share)
			}
			if share := float64(naive) / rounds; test.films > 1 && share > 0.9 {
				t.Errorf("intervals that ignore patients held the truth in %.1f %%: the case is too easy", 100*share)
			}
		})
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
