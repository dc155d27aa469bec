package stats

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// long asks for 1,000 simulations of every design, with narrow bounds. Otherwise
// there are 200, which find gross mistakes.
var long = flag.Bool("long", false, "many simulations")

// A design is a population of films: patients of two classes (mixed: of both,
// each film by itself), films a patient, how much of the scores' variance the
// films of a patient share, and the true area.
type design struct {
	positive, negative, films int
	share, area               float64
	mixed                     bool
}

func (d design) String() string {
	kind := ""
	if d.mixed {
		kind = ", classes mixed within patients"
	}
	return fmt.Sprintf("%d and %d patients of %d films sharing %v, area %v%s", d.positive, d.negative, d.films, d.share, d.area, kind)
}

// quantile of the standard normal distribution.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// draw makes normal scores of variance 1 with the true area. Pairs of films of
// one patient are too few to change it where classes are mixed.
func (d design) draw(rng *rand.Rand) (positives, negatives []Sample) {
	for len(positives) == 0 || len(negatives) == 0 {
		positives, negatives = nil, nil
		delta := math.Sqrt2 * quantile(d.area)
		for p := range d.positive + d.negative {
			shared := math.Sqrt(d.share) * rng.NormFloat64()
			for range d.films {
				s := Sample{shared + math.Sqrt(1-d.share)*rng.NormFloat64(), p}
				positive := p < d.positive
				if d.mixed {
					positive = rng.Float64() < float64(d.positive)/float64(d.positive+d.negative)
				}
				if positive {
					s.Score += delta
					positives = append(positives, s)
				} else {
					negatives = append(negatives, s)
				}
			}
		}
	}
	return positives, negatives
}

// simulate runs a simulation so many times that the flag says and returns the
// share of hits.
func simulate(seed uint64, hit func(rng *rand.Rand) bool) float64 {
	rounds := 200
	if *long {
		rounds = 1000
	}
	rng := rand.New(rand.NewPCG(seed, 95))
	hits := 0
	for range rounds {
		if hit(rng) {
			hits++
		}
	}
	return float64(hits) / float64(rounds)
}

// covers checks that the share of intervals that hold the truth is 93 to 97 %,
// give or take two standard errors of the simulation itself.
func covers(t *testing.T, name string, share float64) {
	t.Helper()
	slack := 0.0138
	if !*long {
		slack = 0.0308
	}
	if *long {
		t.Logf("%s: %.1f %%", name, 100*share)
	}
	if share < 0.93-slack || share > 0.97+slack {
		t.Errorf("%s: intervals held the truth in %.1f %% of samples", name, 100*share)
	}
}

// Table 1 of the second reading, and more.
func designs() (list []design) {
	for _, area := range []float64{0.5, 0.8, 0.95, 0.99} {
		for _, n := range [][2]int{{3, 100}, {5, 100}, {10, 90}, {10, 1000}, {30, 30}, {50, 50}, {50, 200}, {200, 200}} {
			list = append(list, design{n[0], n[1], 1, 0, area, false})
		}
		for _, n := range []design{
			{10, 30, 3, 0.7, 0, false}, {30, 30, 3, 0.5, 0, false}, {30, 60, 5, 0.9, 0, false}, {20, 80, 10, 0.9, 0, false}, {20, 40, 10, 0.3, 0, false},
			{50, 200, 2, 0.5, 0, false}, {30, 30, 3, 0, 0, false}, {10, 30, 3, 0.7, 0, true}, {30, 60, 5, 0.9, 0, true}, {20, 80, 10, 0.5, 0, true}, {50, 200, 2, 0.5, 0, true},
		} {
			n.area = area
			list = append(list, n)
		}
	}
	return list
}

func TestCoverageOfAUC(t *testing.T) {
	for i, d := range designs() {
		if !*long && i%3 > 0 {
			continue
		}
		covers(t, d.String(), simulate(uint64(i), func(rng *rand.Rand) bool {
			a := NewAUC(d.draw(rng))
			return a.Low <= d.area && d.area <= a.High
		}))
	}
}

// Where positives spread twice as much as negatives, which the model does not
// expect, coverage falls short with few positives, and comes back with more.
func TestCoverageOfUnevenSpreads(t *testing.T) {
	for i, n := range []struct {
		positives, negatives int
		area, least          float64
	}{{10, 1000, 0.8, 0.87}, {10, 1000, 0.95, 0.84}, {50, 200, 0.95, 0.87}, {200, 200, 0.95, 0.92}} {
		share := simulate(uint64(i), func(rng *rand.Rand) bool {
			var p, q []float64
			for range n.positives {
				p = append(p, 2*rng.NormFloat64()+math.Sqrt(5)*quantile(n.area))
			}
			for range n.negatives {
				q = append(q, rng.NormFloat64())
			}
			a := NewAUC(Independent(p, q))
			return a.Low <= n.area && n.area <= a.High
		})
		if *long {
			t.Logf("%+v: %.1f %%", n, 100*share)
		}
		if share < n.least-0.02 {
			t.Errorf("%+v: intervals held the truth in %.1f %%", n, 100*share)
		}
	}
}
