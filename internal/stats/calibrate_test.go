package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// At the minimum the two derivatives of the loss vanish.
func TestPlattReachesTheMinimum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, shift := range []float64{0, 1, 30} { // 30: the classes lie apart
		pos, neg := make([]float64, 40), make([]float64, 25)
		for i := range pos {
			pos[i] = rng.NormFloat64() + shift
		}
		for i := range neg {
			neg[i] = rng.NormFloat64()
		}
		a, b := Platt(pos, neg)
		var da, db float64
		for _, z := range pos {
			r := 1/(1+math.Exp(-(a*z+b))) - 41.0/42
			da, db = da+r*z, db+r
		}
		for _, z := range neg {
			r := 1/(1+math.Exp(-(a*z+b))) - 1.0/27
			da, db = da+r*z, db+r
		}
		if math.Abs(da) > 1e-6 || math.Abs(db) > 1e-6 {
			t.Errorf("shift %v: slope %v, intercept %v, derivatives %g and %g", shift, a, b, da, db)
		}
	}
}

func TestPlattOfEqualScoresIsThePrevalence(t *testing.T) {
	a, b := Platt([]float64{2, 2, 2}, []float64{2})
	if p := 1 / (1 + math.Exp(-(2*a + b))); math.Abs(p-(3*4.0/5+1.0/3)/4) > 1e-6 {
		t.Errorf("probability %v", p)
	}
}

// scikit-learn 1.2.1, IsotonicRegression().fit([1,2,3,3,4,5,6,7],
// [0,1,0,1,0,1,1,1]): X_thresholds_ and y_thresholds_.
func TestIsotonic(t *testing.T) {
	x, y := Isotonic([]float64{2, 3, 5, 6, 7}, []float64{1, 3, 4})
	wantX, wantY := []float64{1, 2, 4, 5, 7}, []float64{0, 0.5, 0.5, 1, 1}
	if len(x) != len(wantX) {
		t.Fatalf("knots at %v", x)
	}
	for i := range x {
		if x[i] != wantX[i] || y[i] != wantY[i] {
			t.Errorf("knot (%v, %v), want (%v, %v)", x[i], y[i], wantX[i], wantY[i])
		}
	}
}

// Of films that are not separated the slope is known: a fit near its end must not
// go on for ever because its loss is rounded.
func TestSlopesAreKnown(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var films []Film
		for i := range 300 {
			z := rng.NormFloat64() - 1
			films = append(films, Film{Probability: sigmoid(z), Patient: i % 200, Positive: rng.Float64() < sigmoid(0.9*z+0.1)})
		}
		if r := Recalibrate(films); !(r.Slope.Low < r.Slope.Value && r.Slope.Value < r.Slope.High) {
			t.Errorf("seed %d: slope %v", seed, r.Slope)
		}
	}
}
