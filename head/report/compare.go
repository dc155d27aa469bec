package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Comparison is the difference of two heads' AUCs on the same films.
type Comparison struct {
	Finding    string
	A, B       Interval
	Difference Interval // A - B
	P          float64  // two-sided, for a difference of 0
}

// Compare tests two heads on the same films, finding by finding: the paired
// test of DeLong et al. (1988), with films grouped by patient (Obuchowski 1997).
// P values are not corrected for the number of findings.
func Compare(a, b head.Head, test *head.Dataset) ([]Comparison, error) {
	sa, err := score(a, test)
	if err != nil {
		return nil, err
	}
	sb, err := score(b, test)
	if err != nil {
		return nil, err
	}
	var all []Comparison
	for f, name := range test.Findings {
		x, y := stats.NewAUC(sa[f].positives, sa[f].negatives), stats.NewAUC(sb[f].positives, sb[f].negatives)
		d := stats.Compare(x, y)
		all = append(all, Comparison{
			Finding: name, A: Interval{x.Value, x.Low, x.High}, B: Interval{y.Value, y.Low, y.High},
			Difference: Interval{d.Value, d.Low, d.High}, P: d.P,
		})
	}
	return all, nil
}

// String is a line of the two areas, their difference and its p value.
func (c Comparison) String() string {
	return fmt.Sprintf("%s: AUC %.3f and %.3f, difference %.3f (%.3f to %.3f), p %.2g",
		c.Finding, c.A.Value, c.B.Value, c.Difference.Value, c.Difference.Low, c.Difference.High, c.P)
}

// A Bootstrapped report holds intervals of figures that have no formula for
// one: the 2.5 and 97.5 percentiles over resampled patients.
type Bootstrapped struct {
	Rounds                          int // that held both classes
	AUC, AUPRC, Brier, LogLoss, ECE Interval
}

// Bootstrap resamples the patients, each with all of their films, with
// replacement, so many times (1000 do for a 95 % interval). The same seed gives
// the same intervals on every machine. Rounds without a film of each class do
// not count; where more than half are such, there are too few patients, and
// that is an error.
func (f *FindingReport) Bootstrap(rounds int, seed uint64) (*Bootstrapped, error) {
	if rounds < 40 {
		return nil, fmt.Errorf("report: %d bootstrap rounds, want at least 40 for a 95 %% interval", rounds)
	}
	type films struct{ positives, negatives []stats.Sample }
	byPatient := map[int]*films{}
	var patients []*films
	of := func(p int) *films {
		if byPatient[p] == nil {
			byPatient[p] = &films{}
			patients = append(patients, byPatient[p])
		}
		return byPatient[p]
	}
	for _, s := range f.sample.positives {
		of(s.Patient).positives = append(of(s.Patient).positives, s)
	}
	for _, s := range f.sample.negatives {
		of(s.Patient).negatives = append(of(s.Patient).negatives, s)
	}
	rng := rand.New(rand.NewPCG(seed, 0x626f6f74))
	var drawn [5][]float64
	for range rounds {
		s := sample{finding: f.Finding}
		for range patients {
			p := patients[rng.IntN(len(patients))]
			s.positives, s.negatives = append(s.positives, p.positives...), append(s.negatives, p.negatives...)
		}
		if len(s.positives) == 0 || len(s.negatives) == 0 {
			continue
		}
		r := s.report()
		for k, v := range []float64{r.AUC.Value, r.AUPRC, r.Brier, r.LogLoss, r.ECE} {
			drawn[k] = append(drawn[k], v)
		}
	}
	if n := len(drawn[0]); n < rounds/2 || n < 40 {
		return nil, fmt.Errorf("report: finding %q: only %d of %d bootstrap rounds hold both classes", f.Finding, n, rounds)
	}
	interval := func(k int, value float64) Interval {
		slices.Sort(drawn[k])
		return Interval{value, percentile(drawn[k], 0.025), percentile(drawn[k], 0.975)}
	}
	return &Bootstrapped{
		Rounds: len(drawn[0]), AUC: interval(0, f.AUC.Value), AUPRC: interval(1, f.AUPRC),
		Brier: interval(2, f.Brier), LogLoss: interval(3, f.LogLoss), ECE: interval(4, f.ECE),
	}, nil
}

// percentile of sorted values, on the line between neighbors.
func percentile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	k := int(math.Floor(at))
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}
