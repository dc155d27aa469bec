package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestShareOfSingleFilmsIsWilson(t *testing.T) {
	for _, n := range [][2]int{{0, 5}, {1, 7}, {81, 263}, {5, 5}} {
		var outcomes []Outcome
		for i := range n[1] {
			outcomes = append(outcomes, Outcome{i, i < n[0]})
		}
		s := NewShare(outcomes)
		low, high := Wilson(n[0], n[1])
		if s.Low != low || s.High != high || s.Effective != float64(n[1]) || s.Successes != n[0] {
			t.Errorf("%v: %+v, want %v to %v", n, s, low, high)
		}
	}
	if s := NewShare(nil); !math.IsNaN(s.Value) || s.Low != 0 || s.High != 1 {
		t.Errorf("no films: %+v", s)
	}
}

// The variance by patient is that of the ratio estimator: R's survey package
// (svyratio) and statsmodels' GEE with an independence structure agree on it but
// for (k-1)/k. testdata/reference.py computes it by GEE.
func TestVarianceByPatient(t *testing.T) {
	var outcomes []Outcome
	for p, films := range []string{"1110", "01", "1", "0000", "11", "101", "0", "1111111"} {
		for _, c := range films {
			outcomes = append(outcomes, Outcome{p, c == '1'})
		}
	}
	s := NewShare(outcomes)
	if got := math.Sqrt(s.variance * 7 / 8); math.Abs(got-reference.ShareError) > 1e-9 {
		t.Errorf("standard error %v, want %v", got, reference.ShareError)
	}
	if s.Patients != 8 || !(s.Effective < 12) || !(s.Effective > 4) {
		t.Errorf("%+v", s)
	}
}

// all films of a patient alike: as many patients as films count.
func TestShareOfCopies(t *testing.T) {
	var copies, single []Outcome
	for p := range 40 {
		for range 5 {
			copies = append(copies, Outcome{p, p < 30})
		}
		single = append(single, Outcome{p, p < 30})
	}
	c, s := NewShare(copies), NewShare(single)
	if c.Low > s.Low || c.High < s.High || c.Low < s.Low-0.02 {
		t.Errorf("copies %v to %v, single films %v to %v", c.Low, c.High, s.Low, s.High)
	}
	for p := range copies {
		copies[p].Success = true
	}
	if c := NewShare(copies); c.Effective != 40 {
		t.Errorf("all well: %+v", c)
	}
}

// outcomes of patients whose films share a latent score.
func latent(rng *rand.Rand, patients, films int, share, p float64) (outcomes []Outcome) {
	threshold := quantile(p)
	for k := range patients {
		common := math.Sqrt(share) * rng.NormFloat64()
		for range films {
			outcomes = append(outcomes, Outcome{k, common+math.Sqrt(1-share)*rng.NormFloat64() < threshold})
		}
	}
	return outcomes
}

func TestCoverageOfShares(t *testing.T) {
	i := 0
	for _, p := range []float64{0.5, 0.8, 0.9} {
		for _, n := range []struct {
			patients, films int
			share           float64
		}{{20, 5, 0.7}, {20, 10, 0.7}, {40, 3, 0.3}, {100, 2, 0.5}, {30, 10, 0.9}, {60, 5, 0}, {15, 4, 0.5}} {
			if i++; !*long && i%3 > 0 {
				continue
			}
			naive := 0
			share := simulate(uint64(i), func(rng *rand.Rand) bool {
				o := latent(rng, n.patients, n.films, n.share, p)
				s := NewShare(o)
				if low, high := Wilson(s.Successes, s.Films); low <= p && p <= high {
					naive++
				}
				return s.Low <= p && p <= s.High
			})
			covers(t, fmt.Sprintf("share %v, %+v", p, n), share)
			if rounds := map[bool]int{true: 1000, false: 200}[*long]; n.share >= 0.7 && float64(naive)/float64(rounds) > 0.88 {
				t.Errorf("share %v, %+v: Wilson's interval without patients covers too: too easy", p, n)
			}
		}
	}
}

// statsmodels.stats.contingency_tables.mcnemar(exact=True), less half the
// probability of the table itself (scipy.stats.binom.pmf).
func TestMcNemar(t *testing.T) {
	for _, want := range reference.McNemar {
		var pairs []Pair
		add := func(n int, a, b bool) {
			for range n {
				pairs = append(pairs, Pair{len(pairs), a, b})
			}
		}
		add(20, true, true)
		add(want.OnlyA, true, false)
		add(want.OnlyB, false, true)
		add(7, false, false)
		d := ComparePairs(pairs)
		if math.Abs(d.P-want.MidP) > 1e-12 || math.Abs(d.Value-float64(want.OnlyA-want.OnlyB)/float64(len(pairs))) > 1e-12 {
			t.Errorf("%d against %d: %+v, want p %v", want.OnlyA, want.OnlyB, d, want.MidP)
		}
		// Newcombe's method 10 from the four cells.
		a, b, c, e := 20., float64(want.OnlyA), float64(want.OnlyB), 7.
		n := a + b + c + e
		p, q := (a+b)/n, (a+c)/n
		pl, ph := wilson(p, n)
		ql, qh := wilson(q, n)
		phi := (a*e - b*c) / math.Sqrt((a+b)*(c+e)*(a+c)*(b+e))
		near(t, "lower end", d.Low, p-q-math.Sqrt((p-pl)*(p-pl)-2*phi*(p-pl)*(qh-q)+(qh-q)*(qh-q)), 1e-12)
		near(t, "upper end", d.High, p-q+math.Sqrt((ph-p)*(ph-p)-2*phi*(ph-p)*(q-ql)+(q-ql)*(q-ql)), 1e-12)
	}
	if d := ComparePairs(nil); !math.IsNaN(d.P) {
		t.Errorf("no pairs: %+v", d)
	}
}

// By patient: every sign flipped, the p value is the share of flips whose sum is
// at least as far from 0.
func TestSignFlips(t *testing.T) {
	for _, values := range [][]int{{3, -1, 2, 2}, {1, 1, 1, 1, 1}, {5}, {0, 0}, {4, -4}, {-2, -3, 1, 0, 6, 2}} {
		sum := 0
		for _, v := range values {
			sum += v
		}
		var more, equal, all float64
		for mask := range 1 << len(values) {
			s := 0
			for k, v := range values {
				if mask>>k&1 == 1 {
					v = -v
				}
				s += v
			}
			all++
			switch a, b := max(s, -s), max(sum, -sum); {
			case a > b:
				more++
			case a == b:
				equal++
			}
		}
		want := (more + equal/2) / all
		if sum == 0 {
			want = 1
		}
		if got := signFlips(values); math.Abs(got-want) > 1e-15 {
			t.Errorf("%v: %v, want %v", values, got, want)
		}
	}
}

// Equal heads: at most 6 % of tests say that they differ at 5 %, and intervals of
// the difference hold 0.
func TestSizeOfPairedShares(t *testing.T) {
	for i, n := range []struct {
		patients, films int
		share           float64
	}{{10, 1, 0}, {30, 1, 0}, {100, 1, 0}, {20, 5, 0.7}, {40, 3, 0.5}, {100, 2, 0.3}} {
		false_, covered := 0, 0
		rounds := 200
		if *long {
			rounds = 4000
		}
		rng := rand.New(rand.NewPCG(uint64(i), 97))
		for range rounds {
			var pairs []Pair
			for k := range n.patients {
				common, a, b := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
				s := math.Sqrt(n.share)
				for range n.films {
					film := 0.6*rng.NormFloat64() + 0.5*common
					pairs = append(pairs, Pair{k, film+s*a+0.7*rng.NormFloat64() < 0.7, film+s*b+0.7*rng.NormFloat64() < 0.7})
				}
			}
			d := ComparePairs(pairs)
			if d.P < 0.05 {
				false_++
			}
			if d.Low <= 0 && 0 <= d.High {
				covered++
			}
		}
		size := float64(false_) / float64(rounds)
		if *long {
			t.Logf("%+v: size %.1f %%, coverage %.1f %%", n, 100*size, 100*float64(covered)/float64(rounds))
		}
		if limit := map[bool]float64{true: 0.06, false: 0.095}[*long]; size > limit {
			t.Errorf("%+v: %.1f %% of tests of equal heads say that they differ", n, 100*size)
		}
		if float64(covered)/float64(rounds) < map[bool]float64{true: 0.93, false: 0.9}[*long] {
			t.Errorf("%+v: intervals held 0 in %.1f %%", n, 100*float64(covered)/float64(rounds))
		}
	}
}

// statsmodels.stats.multitest.multipletests.
func TestCorrections(t *testing.T) {
	p := reference.P
	for k, v := range Holm(p) {
		if math.Abs(v-reference.Holm[k]) > 1e-12 {
			t.Errorf("Holm %d: %v, want %v", k, v, reference.Holm[k])
		}
	}
	for k, v := range BenjaminiHochberg(p) {
		if math.Abs(v-reference.BenjaminiHochberg[k]) > 1e-12 {
			t.Errorf("Benjamini and Hochberg %d: %v, want %v", k, v, reference.BenjaminiHochberg[k])
		}
	}
	with := Holm(append([]float64{math.NaN()}, p...))
	if !math.IsNaN(with[0]) || with[1] != Holm(p)[0] {
		t.Errorf("an unknown one changes others: %v", with)
	}
	if len(Holm(nil)) != 0 || len(BenjaminiHochberg(nil)) != 0 {
		t.Error("none gave some")
	}
}

// Paired areas of equal heads: at most 6 % differ at 5 %, down to ten positives;
// below, p is unknown. Intervals hold a true difference.
func TestSizeOfPairedAreas(t *testing.T) {
	for i, d := range []design{
		{10, 90, 1, 0, 0.8, false}, {10, 1000, 1, 0, 0.8, false}, {10, 10, 1, 0, 0.95, false}, {10, 90, 1, 0, 0.95, false}, {20, 50, 1, 0, 0.7, false},
		{50, 50, 1, 0, 0.9, false}, {10, 40, 3, 0.5, 0.8, false}, {30, 60, 5, 0.7, 0.8, false}, {200, 200, 1, 0, 0.99, false}, {20, 40, 4, 0.6, 0.85, true},
	} {
		rounds := 200
		if *long {
			rounds = 4000
		}
		false_, covered, known := 0, 0, 0
		rng := rand.New(rand.NewPCG(uint64(i), 98))
		for range rounds {
			pos, neg := d.draw(rng)
			noise := map[int][2]float64{}
			read := func(list []Sample, reader int) []Sample {
				out := make([]Sample, len(list))
				for k, s := range list {
					if _, ok := noise[s.Patient]; !ok {
						noise[s.Patient] = [2]float64{rng.NormFloat64(), rng.NormFloat64()}
					}
					out[k] = Sample{s.Score + 0.5*noise[s.Patient][reader]*math.Sqrt(d.share) + 0.7*rng.NormFloat64(), s.Patient}
				}
				return out
			}
			c := Compare(NewAUC(read(pos, 0), read(neg, 0)), NewAUC(read(pos, 1), read(neg, 1)))
			if !math.IsNaN(c.P) {
				known++
			}
			if c.P < 0.05 {
				false_++
			}
			if c.Low <= 0 && 0 <= c.High {
				covered++
			}
		}
		size, cover := float64(false_)/float64(known), float64(covered)/float64(rounds)
		if *long {
			t.Logf("%v: size %.1f %%, coverage %.1f %%, known %d of %d", d, 100*size, 100*cover, known, rounds)
		}
		if limit := map[bool]float64{true: 0.06, false: 0.095}[*long]; size > limit || known < rounds*9/10 {
			t.Errorf("%v: %.1f %% of tests of equal heads say that they differ, %d of %d known", d, 100*size, known, rounds)
		}
	}
	few := design{9, 500, 1, 0, 0.8, false}
	pos, neg := few.draw(rand.New(rand.NewPCG(1, 1)))
	a := NewAUC(pos, neg)
	for k := range pos {
		pos[k].Score = -pos[k].Score
	}
	if c := Compare(a, NewAUC(pos, neg)); !math.IsNaN(c.P) || math.IsNaN(c.Low) {
		t.Errorf("nine positives: %+v", c)
	}
	if c := Compare(a, a); !math.IsNaN(c.P) || !math.IsNaN(c.NonInferiority(0.05)) {
		t.Errorf("nine positives: %+v", c)
	}
}

// The p value of non-inferiority and the end of the interval say the same.
func TestNonInferiority(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 200 {
		d := design{20, 40, 1, 0, 0.8, false}
		pos, neg := d.draw(rng)
		other := func(list []Sample) []Sample {
			out := make([]Sample, len(list))
			for k, s := range list {
				out[k] = Sample{s.Score + rng.NormFloat64(), s.Patient}
			}
			return out
		}
		var pairs []Pair
		for k := range 40 {
			pairs = append(pairs, Pair{k, rng.IntN(3) > 0, rng.IntN(3) > 0})
		}
		for _, c := range []Difference{Compare(NewAUC(pos, neg), NewAUC(other(pos), other(neg))), ComparePairs(pairs)} {
			for _, margin := range []float64{0.02, 0.05, 0.2} {
				if p := c.NonInferiority(margin); (p <= 0.025) != (c.Low >= -margin) && math.Abs(c.Low+margin) > 1e-9 && c.Low > -1 {
					t.Fatalf("%+v: p %v at margin %v", c, p, margin)
				}
			}
		}
	}
}
