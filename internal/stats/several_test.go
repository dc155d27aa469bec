package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// normalCDF is the standard normal distribution.
func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// A validation is a population of patients, with films of them that share some of
// what they show, and how heads are cross-validated on them.
type validation struct {
	patients, films, repeats int
	prevalence, shift, share float64
}

// Five folds of heads that learn the difference of two means in eight
// dimensions. The truth is the mean area of those very heads on endless films.
func TestCoverageOfCrossValidation(t *testing.T) {
	for i, n := range []validation{{60, 1, 1, 0.3, 0.5, 0}, {150, 1, 3, 0.2, 0.4, 0}, {40, 4, 1, 0.4, 0.5, 0.6}, {100, 2, 3, 0.15, 0.6, 0.4}} {
		if !*long && i%2 == 1 {
			continue
		}
		covers(t, fmt.Sprintf("%+v", n), simulate(uint64(i), func(rng *rand.Rand) bool {
			a, truth := n.run(t, rng)
			return a.Low <= truth && truth <= a.High
		}))
	}
}

// Where a fold has a single patient of a class, its films do not tell how patients
// differ, and the interval is wide rather than short of the truth.
func TestCoverageOfCrossValidationOfFewPatients(t *testing.T) {
	for i, n := range []validation{{6, 2, 3, 0, 0.5, 0.6}, {8, 2, 3, 0, 0.5, 0.6}, {8, 3, 1, 0, 0.3, 0.9}, {10, 1, 3, 0, 0.5, 0}, {10, 3, 3, 0, 0.8, 0.5}, {14, 2, 3, 0, 0.5, 0.6}} {
		var width float64
		rounds := 0
		share := simulate(uint64(i), func(rng *rand.Rand) bool {
			a, truth := n.run(t, rng)
			if !(a.High-a.Low > 0.05) {
				t.Errorf("%+v: %.3f, %.3f to %.3f", n, a.Value, a.Low, a.High)
			}
			rounds++
			width += a.High - a.Low
			return a.Low <= truth && truth <= a.High
		})
		t.Logf("%+v: intervals of %.2f held the truth in %.1f %%", n, width/float64(rounds), 100*share)
		if share < 0.87 { // where folds have two patients of a class, their spread is told too small
			t.Errorf("%+v: intervals held the truth in %.1f %%", n, 100*share)
		}
	}
}

// run draws films and cross-validates heads on them.
func (n validation) run(t *testing.T, rng *rand.Rand) (a AUC, mean float64) {
	t.Helper()
	const dim, folds = 8, 5
	films := n.patients * n.films
	x, positive, patient := make([][dim]float64, films), make([]bool, films), make([]int, films)
	for p := range n.patients {
		var common [dim]float64
		for j := range common {
			common[j] = math.Sqrt(n.share) * rng.NormFloat64()
		}
		y := rng.Float64() < n.prevalence || p < 2*folds && p%2 == 0
		for f := range n.films {
			k := p*n.films + f
			positive[k], patient[k] = y, p
			for j := range common {
				x[k][j] = common[j] + math.Sqrt(1-n.share)*rng.NormFloat64()
				if y {
					x[k][j] += n.shift
				}
			}
		}
	}
	var score [][]float64
	var fold [][]int
	var truth float64
	heads := 0
	for range n.repeats {
		order := rng.Perm(n.patients)
		s, g := make([]float64, films), make([]int, films)
		dealt := [2]int{}
		for _, p := range order {
			class := 0
			if positive[p*n.films] {
				class = 1
			}
			for f := range n.films {
				g[p*n.films+f] = dealt[class] % folds
			}
			dealt[class]++
		}
		for v := range folds {
			var mean [2][dim]float64
			var count [2]float64
			for k := range x {
				if g[k] == v {
					continue
				}
				class := 0
				if positive[k] {
					class = 1
				}
				count[class]++
				for j := range mean[class] {
					mean[class][j] += x[k][j]
				}
			}
			var w [dim]float64
			var length, along float64
			for j := range w {
				w[j] = mean[1][j]/count[1] - mean[0][j]/count[0]
				length += w[j] * w[j]
				along += w[j] * n.shift
			}
			if dealt[0] > v && dealt[1] > v { // the fold has films of both classes
				truth += normalCDF(along / math.Sqrt(2*length))
				heads++
			}
			for k := range x {
				if g[k] == v {
					for j := range w {
						s[k] += w[j] * x[k][j]
					}
				}
			}
		}
		score, fold = append(score, s), append(fold, g)
	}
	a, used := CrossValidated(patient, positive, score, fold)
	if used != heads {
		t.Fatalf("%d folds, want %d", used, heads)
	}
	return a, truth / float64(heads)
}

// The band holds the whole true curve.
func TestCoverageOfROCBands(t *testing.T) {
	for i, d := range []design{{30, 60, 1, 0, 0.8, false}, {50, 50, 1, 0, 0.95, false}, {15, 100, 1, 0, 0.7, false}, {40, 80, 3, 0.5, 0.8, false}} {
		if !*long && i%3 > 0 {
			continue
		}
		delta := math.Sqrt2 * quantile(d.area)
		share := simulate(uint64(i), func(rng *rand.Rand) bool {
			films := d.sample(rng)
			for _, p := range ROCBand(films, NewAUC(Classes(films)), 100, rng.Uint64()) {
				truth := normalCDF(quantile(p.FalsePositives) + delta)
				if p.FalsePositives == 0 {
					truth = 0
				}
				if truth < p.Low-1e-12 || truth > p.High+1e-12 {
					return false
				}
			}
			return true
		})
		t.Logf("%v: %.1f %%", d, 100*share)
		if share < 0.91 {
			t.Errorf("%v: bands held the curve in %.1f %%", d, 100*share)
		}
	}
}

// Three findings of the same patients, whose scores go together.
func several(rng *rand.Rand, patients, films int, areas []float64) []AUC {
	pos, neg := make([][]Sample, len(areas)), make([][]Sample, len(areas))
	for p := range patients {
		common := rng.NormFloat64()
		class := make([]bool, len(areas))
		for f := range class {
			class[f] = (p+f)%3 == 0
		}
		for range films {
			film := rng.NormFloat64()
			for f, area := range areas {
				s := Sample{0.6*common + 0.5*film + math.Sqrt(1-0.61)*rng.NormFloat64(), p}
				if class[f] {
					s.Score += math.Sqrt2 * quantile(area)
					pos[f] = append(pos[f], s)
				} else {
					neg[f] = append(neg[f], s)
				}
			}
		}
	}
	var list []AUC
	for f := range areas {
		list = append(list, NewAUC(pos[f], neg[f]))
	}
	return list
}

func TestCoverageOfMeanAUC(t *testing.T) {
	for i, n := range []struct {
		patients, films int
		areas           []float64
	}{{60, 1, []float64{0.7, 0.8, 0.9}}, {45, 3, []float64{0.6, 0.6, 0.6}}, {150, 2, []float64{0.95, 0.95, 0.9}}} {
		var mean float64
		for _, a := range n.areas {
			mean += a / float64(len(n.areas))
		}
		covers(t, fmt.Sprintf("%+v", n), simulate(uint64(i), func(rng *rand.Rand) bool {
			e := MeanAUC(several(rng, n.patients, n.films, n.areas))
			return e.Low <= mean && mean <= e.High
		}))
	}
	one := area([]float64{1, 3, 4}, []float64{0, 2, 1})
	if e := MeanAUC([]AUC{one}); math.Abs(e.Low-one.Low) > 1e-12 || math.Abs(e.High-one.High) > 1e-12 {
		t.Errorf("of one: %+v, want %v to %v", e, one.Low, one.High)
	}
}

// Groups of films with one true area, some with patients in several groups.
func TestSizeOfSameAUC(t *testing.T) {
	for i, n := range []struct {
		patients, films int
		area            float64
	}{{60, 1, 0.8}, {45, 3, 0.7}, {200, 1, 0.9}} {
		size := simulate(uint64(i), func(rng *rand.Rand) bool {
			return SameAUC(several(rng, n.patients, n.films, []float64{n.area, n.area, n.area})) < 0.05
		})
		if *long {
			t.Logf("%+v: %.1f %%", n, 100*size)
		}
		if limit := map[bool]float64{true: 0.074, false: 0.1}[*long]; size > limit {
			t.Errorf("%+v: %.1f %% of equal groups differ", n, 100*size)
		}
	}
	rng := rand.New(rand.NewPCG(3, 3))
	if p := SameAUC(several(rng, 150, 1, []float64{0.6, 0.95, 0.9})); !(p < 0.01) {
		t.Errorf("other areas: %v", p)
	}
	for _, few := range [][]AUC{nil, several(rng, 150, 1, []float64{0.7}), several(rng, 24, 1, []float64{0.7, 0.7})} {
		if p := SameAUC(few); !math.IsNaN(p) {
			t.Errorf("%d small groups: %v", len(few), p)
		}
	}
}

func TestCoverageOfPredictiveValues(t *testing.T) {
	const prevalence = 0.05
	i := 0
	for _, truth := range [][2]float64{{0.9, 0.8}, {0.7, 0.95}, {0.5, 0.5}} {
		for _, n := range [][3]int{{40, 100, 1}, {60, 60, 3}} {
			i++
			var which [2]int
			rounds := 200
			if *long {
				rounds = 1000
			}
			rng := rand.New(rand.NewPCG(uint64(i), 94))
			ppv := truth[0] * prevalence / (truth[0]*prevalence + (1-truth[1])*(1-prevalence))
			npv := truth[1] * (1 - prevalence) / (truth[1]*(1-prevalence) + (1-truth[0])*prevalence)
			for range rounds {
				se, sp := NewShare(latent(rng, n[0], n[2], 0.5, truth[0])), NewShare(latent(rng, n[1], n[2], 0.5, truth[1]))
				p, q := PredictiveValues(se, sp, prevalence)
				if p.Low <= ppv && ppv <= p.High {
					which[0]++
				}
				if q.Low <= npv && npv <= q.High {
					which[1]++
				}
			}
			for k, name := range []string{"positive", "negative"} {
				covers(t, fmt.Sprintf("%s predictive value, %v, %v", name, truth, n), float64(which[k])/float64(rounds))
			}
		}
	}
	perfect := Share{Value: 1, Effective: 20}
	if p, q := PredictiveValues(perfect, perfect, 0.1); p.Value != 1 || q.Value != 1 || p.High < 1 || !(p.Low < 0.95) {
		t.Errorf("%+v, %+v", p, q)
	}
	none := Share{Value: 0, Effective: 20}
	if p, _ := PredictiveValues(none, perfect, 0.1); !math.IsNaN(p.Value) {
		t.Errorf("nothing is called positive: %+v", p)
	}
}

// With so many more films the interval is half as wide, by the formula; about
// four times as many.
func TestMoreFilms(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, d := range []design{{10, 90, 1, 0, 0.8, false}, {50, 200, 2, 0.5, 0.95, false}, {5, 5, 1, 0, 0.6, false}} {
		a := NewAUC(d.draw(rng))
		f := a.MoreFilms()
		width := func(factor float64) float64 {
			low, high := invert(a.Value, func(theta float64) float64 { return areaVariance(theta, a.Positives*factor, a.Negatives*factor) })
			return high - low
		}
		if f < 3 || f > 8 || math.Abs(width(f)-width(1)/2) > 1e-9 {
			t.Errorf("%v: %v times", d, f)
		}
	}
}
