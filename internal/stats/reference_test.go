package stats

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// reference holds what independent implementations say: scikit-learn,
// statsmodels, scipy and crepes, by testdata/reference.py.
var reference struct {
	ShareError float64
	McNemar    []struct {
		OnlyA, OnlyB int
		Exact, MidP  float64
	}
	P, Holm, BenjaminiHochberg []float64
	Isotonic                   []struct{ X, Y, At, Fitted []float64 }
	Calibration                struct {
		Z                                                                []float64
		Y, Patient                                                       []int
		Groups                                                           int
		Slope, InterceptWithSlope, Intercept, SlopeError, InterceptError float64
		AUC, AUPRC, Brier, LogLoss                                       float64
		Grid, Curve                                                      []float64
	}
	Conformal struct {
		Z, Test            []float64
		Y, Absent, Present []int
	}
	Novelty []struct {
		Films, Dim         int
		X, Query, Distance []float64
		Shrinkage          float64
	}
	T   []struct{ P, Freedom, Quantile float64 }
	F   []struct{ X, Numerator, Denominator, Tail float64 }
	ECE struct {
		Probabilities   []float64
		Expected, Error float64
	}
	CrossValidated struct {
		Y, Fold    []int
		Score      []float64
		AUC, Error float64
	}
}

func init() {
	data, err := os.ReadFile("testdata/reference.json")
	if err == nil {
		err = json.Unmarshal(data, &reference)
	}
	if err != nil {
		panic(err)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within*(1+math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// scipy.stats.t and scipy.stats.f.
func TestDistributions(t *testing.T) {
	for _, r := range reference.T {
		near(t, "quantile of t", tQuantile(r.P, r.Freedom), r.Quantile, 1e-8)
		near(t, "tail of t", tTail(r.Quantile, r.Freedom), 1-r.P, 1e-10)
		near(t, "other tail of t", tTail(-r.Quantile, r.Freedom), r.P, 1e-10)
	}
	for _, r := range reference.F {
		near(t, "tail of F", fTail(r.X, r.Numerator, r.Denominator), r.Tail, 1e-10)
	}
}

// sklearn.isotonic.IsotonicRegression, in whatever order films come.
func TestIsotonicOfTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, r := range reference.Isotonic {
		for range 20 {
			var pos, neg []float64
			for _, i := range rng.Perm(len(r.X)) {
				if r.Y[i] == 1 {
					pos = append(pos, r.X[i])
				} else {
					neg = append(neg, r.X[i])
				}
			}
			x, y := Isotonic(pos, neg)
			at := 0
			for k, v := range r.At {
				for at+1 < len(x) && x[at+1] <= v {
					at++
				}
				got := y[at]
				if at+1 < len(x) && v > x[at] {
					got += (v - x[at]) / (x[at+1] - x[at]) * (y[at+1] - y[at])
				}
				near(t, "fitted value", got, r.Fitted[k], 1e-9)
			}
		}
	}
}

// Knots differ in float32, and a change of the log odds that float32 cannot see
// changes no probability by more than a thousandth.
func TestIsotonicKnotsInFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 300 {
		var pos, neg []float64
		base := 40 * rng.NormFloat64()
		for range 30 {
			pos = append(pos, base+rng.NormFloat64()*math.Pow(10, -8*rng.Float64()))
			neg = append(neg, base+rng.NormFloat64()*math.Pow(10, -8*rng.Float64()))
		}
		x, y := Isotonic(pos, neg)
		for k := range x {
			if x[k] != float64(float32(x[k])) {
				t.Fatalf("knot %v is no float32", x[k])
			}
			if k > 0 {
				slope := (y[k] - y[k-1]) / (x[k] - x[k-1])
				if !(x[k] > x[k-1]) || y[k] < y[k-1] || slope*math.Abs(x[k])*0x1p-24 > 0.005 {
					t.Fatalf("knots %v to %v, %v to %v", x[k-1], x[k], y[k-1], y[k])
				}
			}
		}
	}
}

func calibrated() []Film {
	var films []Film
	for i, z := range reference.Calibration.Z {
		films = append(films, Film{z, sigmoid(z), reference.Calibration.Patient[i], reference.Calibration.Y[i] == 1})
	}
	return films
}

// statsmodels: Logit, GLM with an offset, and GEE with an independence structure
// for errors by patient, without corrections for few of them. Figures by
// sklearn.metrics, the smooth curve by statsmodels' lowess.
func TestCalibrationFigures(t *testing.T) {
	want := reference.Calibration
	films := calibrated()
	r := Recalibrate(films)
	near(t, "slope", r.Slope.Value, want.Slope, 1e-7)
	near(t, "intercept", r.Intercept.Value, want.Intercept, 1e-7)
	k := float64(want.Groups)
	half := tQuantile(0.975, k-1) * math.Sqrt(k/(k-1))
	near(t, "error of the slope", (r.Slope.High-r.Slope.Value)/half, want.SlopeError, 1e-6)
	near(t, "error of the intercept", (r.Intercept.High-r.Intercept.Value)/half, want.InterceptError, 1e-6)
	b := newResampling(films)
	f := b.figures(b.once)
	near(t, "area", f.AUC, want.AUC, 1e-12)
	near(t, "average precision", f.AUPRC, want.AUPRC, 1e-12)
	near(t, "Brier score", f.Brier, want.Brier, 1e-12)
	near(t, "log loss", f.LogLoss, want.LogLoss, 1e-12)
	for i, v := range SmoothCalibration(films, want.Grid) {
		near(t, "smooth curve", v, math.Max(0, math.Min(1, want.Curve[i])), 1e-6)
	}
}

func TestCalibrationOfOddSets(t *testing.T) {
	sets := map[string][]Film{
		"separated": {{0, 0.1, 1, false}, {0, 0.2, 2, false}, {0, 0.8, 3, true}, {0, 0.9, 4, true}},
		"certain":   {{0, 0, 1, false}, {0, 1, 2, false}, {0, 0, 3, true}, {0, 1, 4, true}},
		"equal":     {{0, 0.5, 1, false}, {0, 0.5, 2, true}},
		"one class": {{0, 0.3, 1, true}, {0, 0.5, 2, true}},
		"one":       {{0, 0.3, 1, true}},
		"patient":   {{0, 0.3, 1, true}, {0, 0.6, 1, false}, {0, 0.4, 1, false}},
	}
	for name, films := range sets {
		r := Recalibrate(films)
		for _, v := range SmoothCalibration(films, []float64{0, 0.3, 1}) {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%s: curve %v", name, v)
			}
		}
		if e := PerfectECE(films); !(e >= 0 && e <= 1) {
			t.Errorf("%s: %v", name, e)
		}
		if (name == "separated" || name == "one class" || name == "equal") && !math.IsNaN(r.Slope.Value) {
			t.Errorf("%s: slope %v", name, r.Slope)
		}
		NetBenefit(films, 0.5)
	}
}

// Of 400,000 simulated sets by numpy.
func TestPerfectECE(t *testing.T) {
	var films []Film
	for _, p := range reference.ECE.Probabilities {
		films = append(films, Film{Probability: p})
	}
	if got := PerfectECE(films); math.Abs(got-reference.ECE.Expected) > 4*reference.ECE.Error {
		t.Errorf("%v, want %v", got, reference.ECE.Expected)
	}
	// Exact and normal agree where they meet.
	p := make([]float64, 400)
	for i := range p {
		p[i] = 0.1 + 0.5*float64(i)/400
	}
	exact := meanDeviation(p)
	normal := meanDeviation(append(p, 0.5))
	near(t, "normal", normal, exact*math.Sqrt((square(p)+0.25)/square(p)), 1e-3)
}

func square(p []float64) (v float64) {
	for _, x := range p {
		v += x * (1 - x)
	}
	return v
}

// By hand, after Vickers and Elkin: 3 of 10 films rightly called, 1 wrongly, at
// 20 %: 0.3 - 0.1/4.
func TestNetBenefit(t *testing.T) {
	var films []Film
	for i := range 10 {
		films = append(films, Film{Probability: map[bool]float64{true: 0.6, false: 0.1}[i < 4], Patient: i, Positive: i < 3 || i == 9})
	}
	e, all := NetBenefit(films, 0.2)
	near(t, "net benefit", e.Value, 0.3-0.1/4, 1e-12)
	near(t, "of all", all, 0.4-0.6/4, 1e-12)
	if !(e.Low < e.Value && e.Value < e.High) {
		t.Errorf("%+v", e)
	}
}

// crepes.ConformalClassifier, class-conditional, without smoothing.
func TestConformal(t *testing.T) {
	var pos, neg []Sample
	for i, z := range reference.Conformal.Z {
		if reference.Conformal.Y[i] == 1 {
			pos = append(pos, Sample{z, i})
		} else {
			neg = append(neg, Sample{-z, i})
		}
	}
	present, absent := Conformal(pos, 0.9), Conformal(neg, 0.9)
	for i, z := range reference.Conformal.Test {
		if (z >= present) != (reference.Conformal.Present[i] == 1) || (-z >= absent) != (reference.Conformal.Absent[i] == 1) {
			t.Errorf("at %v: present %v, absent %v; want %d, %d", z, z >= present, -z >= absent, reference.Conformal.Present[i], reference.Conformal.Absent[i])
		}
	}
	if v := Conformal(pos[:8], 0.9); !math.IsInf(v, -1) {
		t.Errorf("eight films exclude at 90 %%: %v", v)
	}
	if v := Conformal(pos[:9], 0.9); math.IsInf(v, -1) {
		t.Error("nine films exclude nothing at 90 %")
	}
	if v := Conformal(nil, 0.9); !math.IsInf(v, -1) {
		t.Error("no films exclude")
	}
}

// New films of new patients are in the sets as often as promised.
func TestCoverageOfConformalSets(t *testing.T) {
	for i, n := range []struct {
		patients, films int
		share, level    float64
	}{{20, 1, 0, 0.9}, {60, 1, 0, 0.95}, {30, 5, 0.7, 0.9}, {100, 3, 0.5, 0.95}, {25, 10, 0.9, 0.9}} {
		for _, ragged := range []bool{false, true} {
			rounds := 400
			if *long {
				rounds = 4000
			}
			rng := rand.New(rand.NewPCG(uint64(i), 99))
			hits, films := 0.0, 0.0
			for range rounds {
				var sample []Sample
				patient := func(p int) (list []Sample) {
					common := math.Sqrt(n.share) * rng.NormFloat64()
					k := n.films
					if ragged {
						k = 1 + rng.IntN(n.films)
					}
					for range k {
						list = append(list, Sample{common + math.Sqrt(1-n.share)*rng.NormFloat64(), p})
					}
					return list
				}
				for p := range n.patients {
					sample = append(sample, patient(p)...)
				}
				least := Conformal(sample, n.level)
				for range 20 {
					new := patient(-1)
					films++
					if new[0].Score >= least {
						hits++
					}
				}
			}
			got := hits / films
			if *long {
				t.Logf("%+v: %.1f %%", n, 100*got)
			}
			if most := n.level + 1/float64(n.patients+1) + 0.02; got < n.level-0.015 || got > most {
				t.Errorf("%+v: %.1f %% of new films in their sets, want %.1f to %.1f", n, 100*got, 100*n.level, 100*most)
			}
		}
	}
}

// sklearn.covariance.LedoitWolf and its mahalanobis.
func TestNoveltyDistance(t *testing.T) {
	for _, r := range reference.Novelty {
		rows := func(values []float64) (rows [][]float32) {
			for i := 0; i < len(values); i += r.Dim {
				row := make([]float32, r.Dim)
				for j := range row {
					row[j] = float32(values[i+j])
				}
				rows = append(rows, row)
			}
			return rows
		}
		patient := make([]int, r.Films)
		for i := range patient {
			patient[i] = i
		}
		n, err := NewNovelty(rows(r.X), patient, 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "shrinkage", n.Shrinkage, r.Shrinkage, 1e-6)
		for i, q := range rows(r.Query) {
			near(t, "distance", n.Distance(q), r.Distance[i], 1e-5)
		}
	}
}

// Percentiles of new films of the same population are even, whatever the number
// of films beside that of features; films from elsewhere stand out.
func TestNoveltyPercentiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for _, n := range []struct{ films, dim, directions int }{{40, 64, 0}, {40, 64, 8}, {300, 16, 0}, {300, 16, 4}} {
		row := func(shift float64) []float32 {
			r := make([]float32, n.dim)
			for j := range r {
				r[j] = float32(rng.NormFloat64()*(1+3*float64(j%4)/4) + shift)
			}
			return r
		}
		var sum, far, low float64
		const rounds, each = 20, 20
		for range rounds {
			var rows [][]float32
			var patient []int
			for i := range n.films {
				rows, patient = append(rows, row(0)), append(patient, i/2)
			}
			model, err := NewNovelty(rows, patient, n.directions)
			if err != nil {
				t.Fatal(err)
			}
			for range each {
				p := model.Percentile(row(0))
				sum += p / rounds / each
				if p < 0.1 {
					low += 1. / rounds / each
				}
				far += model.Percentile(row(5)) / rounds / each
			}
		}
		if math.Abs(sum-0.5) > 0.08 || low > 0.2 || far < 0.95 {
			t.Errorf("%+v: mean percentile %.2f, a tenth is %.2f, of films from elsewhere %.2f", n, sum, low, far)
		}
	}
	if _, err := NewNovelty([][]float32{{1, 2}, {2, 3}}, []int{1, 1}, 0); err == nil {
		t.Error("one patient was enough")
	}
	if _, err := NewNovelty([][]float32{{1, 2}, {1, 2}, {1, 2}}, []int{1, 2, 3}, 0); err == nil {
		t.Error("equal films were enough")
	}
}

// R's cvAUC (ci.cvAUC).
func TestCrossValidatedArea(t *testing.T) {
	r := reference.CrossValidated
	patient, positive := make([]int, len(r.Y)), make([]bool, len(r.Y))
	for i, y := range r.Y {
		patient[i], positive[i] = i, y == 1
	}
	a, used := CrossValidated(patient, positive, [][]float64{r.Score}, [][]int{r.Fold})
	near(t, "area", a.Value, r.AUC, 1e-12)
	m, n := 40., 60. // ours has the factors k/(k-1) of DeLong's variance, and Nadeau and Bengio's of 5/4
	var p, q float64
	for _, c := range a.positive {
		p += (c.value - a.Value) * (c.value - a.Value) / m / m
	}
	for _, c := range a.negative {
		q += (c.value - a.Value) * (c.value - a.Value) / n / n
	}
	near(t, "standard error", math.Sqrt(p+q), r.Error, 1e-12)
	if used != 5 || !(a.Variance > 1.25*(p+q)) || a.Variance > 1.03*1.25*(p+q) {
		t.Errorf("%d folds, variance %v, without factors %v", used, a.Variance, p+q)
	}
	if _, used := CrossValidated([]int{1, 2}, []bool{true, false}, [][]float64{{1, 2}}, [][]int{{0, 1}}); used != 0 {
		t.Errorf("%d folds of one class", used)
	}
}
