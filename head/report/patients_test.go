package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// ofPatients gives film i to patient names[i].
func ofPatients(d *head.Dataset, names []string) *head.Dataset {
	for i := range d.Examples {
		d.Examples[i].Patient = names[i]
	}
	return d
}

// Sixteen films of one patient say what one patient says.
func TestOnePatientWithAllPositives(t *testing.T) {
	var scores []float64
	var positive []bool
	var names []string
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 96 {
		positive = append(positive, i < 16)
		scores = append(scores, 0.3+0.2*rng.Float64())
		if i < 16 {
			scores[i] += 0.1
			names = append(names, "p")
		} else {
			names = append(names, fmt.Sprint(i))
		}
	}
	d := ofPatients(scored(scores, positive), names)
	f := evaluate(t, told{"x"}, d)
	if f.PositivePatients != 1 || f.NegativePatients != 80 || !strings.Contains(strings.Join(f.Warnings, "; "), "only 1 patient with it") {
		t.Errorf("%d and %d patients, warnings %q", f.PositivePatients, f.NegativePatients, f.Warnings)
	}
	if f.AUC.Low > 0.4 || f.AUC.High != 1 && f.AUC.High < 0.97 {
		t.Errorf("AUC %v of one patient", f.AUC)
	}
	p, err := f.At(report.AtThreshold, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Sensitivity; s.High-s.Low < 0.7 {
		t.Errorf("sensitivity %v of one patient", s)
	}
	other := told{"x"}
	c, err := report.Compare(other, upside{}, d)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(c[0].P) || !math.IsNaN(c[0].Holm) || !math.IsNaN(c[0].NonInferiority(0.1)) || !strings.Contains(c[0].String(), "p unknown: too few patients") {
		t.Errorf("%v, p %v", c[0], c[0].P)
	}
}

// upside says the opposite.
type upside struct{}

func (upside) Findings() []string { return []string{"x"} }

func (upside) Predict(e *cxr.Embedding) ([]float64, error) {
	return []float64{1 - float64(e.Values[0])}, nil
}

// Films that a head is sure of have the probability 1, and still an order.
func TestRanksBeyondCertainty(t *testing.T) {
	d := &head.Dataset{Findings: []string{"x"}}
	for i := range 40 {
		l := head.Negative
		if i >= 20 {
			l = head.Positive
		}
		e := &cxr.Embedding{ID: fmt.Sprint(i), Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{float32(50 + i)}}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{l}})
	}
	m, err := head.NewModel(head.Spec{
		Findings: []string{"x"}, Space: cxr.Space{Tokens: 1, Dim: 1}, Mean: []float64{0}, Scale: []float64{1},
		Layers: []head.Layer{{In: 1, Out: 1, Weights: []float64{1}, Bias: []float64{0}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := m.Predict(d.Examples[0].Embedding); err != nil || p[0] != 1 {
		t.Fatalf("probability %v, error %v", p, err)
	}
	if f := evaluate(t, m, d); f.AUC.Value != 1 {
		t.Errorf("AUC %v", f.AUC)
	}
	down, err := m.Calibrate(d, head.Platt)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*head.Model{m, down} {
		p, z, err := s.Scores(d.Examples[30].Embedding)
		if err != nil || math.Abs(p[0]-1/(1+math.Exp(-z[0]))) > 1e-12 {
			t.Errorf("probability %v at log odds %v, error %v", p, z, err)
		}
	}
}

// Paired heads on many films: the figures of a comparison hang together.
func TestComparedShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	d := &head.Dataset{Findings: []string{"x", "y"}}
	for i := range 300 {
		labels := []head.Label{head.Negative, head.Negative}
		var values []float32
		for f := range labels {
			center := -0.5
			if rng.IntN(3) == 0 {
				labels[f], center = head.Positive, 0.8
			}
			values = append(values, float32(1/(1+math.Exp(-center-rng.NormFloat64()))))
		}
		e := &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 2}, Values: values}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: labels, Patient: fmt.Sprint(i / 2)})
	}
	c, err := report.Compare(told{"x", "y"}, noisy{}, d)
	if err != nil {
		t.Fatal(err)
	}
	for f, v := range c {
		a := evaluate(t, told{"x", "y"}, onlyFinding(t, d, f))
		if v.A != a.AUC || v.Holm < v.P || v.Discovery < v.P || v.Holm < v.Discovery {
			t.Errorf("%v: Holm %v, discovery %v", v, v.Holm, v.Discovery)
		}
		if !(v.P < 0.05) || !(v.Difference.Low > 0) || v.NonInferiority(0.02) > 0.025 {
			t.Errorf("the better head is not told: %v, %v", v, v.NonInferiority(0.02))
		}
		s := v.Sensitivity.Difference
		if !(s.Low <= s.Value && s.Value <= s.High) || !(v.Specificity.P >= 0 && v.Specificity.P <= 1) {
			t.Errorf("shares %+v, %+v", v.Sensitivity, v.Specificity)
		}
	}
}

func onlyFinding(t *testing.T, d *head.Dataset, f int) *head.Dataset {
	t.Helper()
	one, err := d.Only(d.Findings[f])
	if err != nil {
		t.Fatal(err)
	}
	for i := range one.Examples {
		e := *one.Examples[i].Embedding
		one.Examples[i].Embedding = &e
	}
	return one
}

// noisy hides three quarters of what the embedding says.
type noisy struct{}

func (noisy) Findings() []string { return []string{"x", "y"} }

func (noisy) Predict(e *cxr.Embedding) ([]float64, error) {
	rng := rand.New(rand.NewPCG(uint64(math.Float32bits(e.Values[0])), uint64(math.Float32bits(e.Values[1]))))
	return []float64{0.1*float64(e.Values[0]) + 0.9*rng.Float64(), 0.1*float64(e.Values[1]) + 0.9*rng.Float64()}, nil
}

// Groups that differ are told from groups that do not.
func TestSubgroupsThatDiffer(t *testing.T) {
	make := func(second float64) *head.Dataset {
		rng := rand.New(rand.NewPCG(3, 1))
		var scores []float64
		var positive []bool
		for i := range 400 {
			y := rng.IntN(2) == 0
			center := 0.0
			if y {
				center = 2
				if i%2 == 1 {
					center = second
				}
			}
			scores, positive = append(scores, 1/(1+math.Exp(1-center-rng.NormFloat64()))), append(positive, y)
		}
		d := scored(scores, positive)
		for i := range d.Examples {
			d.Examples[i].Attributes = map[string]string{"site": string(rune('a' + i%2))}
		}
		return d
	}
	for second, differs := range map[float64]bool{2: false, 0.3: true} {
		groups, err := report.Subgroups(told{"x"}, make(second), "site")
		if err != nil || len(groups) != 2 {
			t.Fatalf("%v, error %v", groups, err)
		}
		if p := groups[0].Same; p != groups[1].Same || (p < 0.001) != differs {
			t.Errorf("shift %v: p %v", second, p)
		}
	}
}
