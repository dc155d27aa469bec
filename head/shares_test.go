package head_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// places are films of 6 tokens of 4 values; those with the finding have it in one
// token.
func places(films int) *head.Dataset {
	rng := rand.New(rand.NewPCG(4, 2))
	d := &head.Dataset{Findings: []string{"spot"}}
	for i := range films {
		e := &cxr.Embedding{Space: cxr.Space{Model: "m", Tokens: 6, Dim: 4}}
		for range 24 {
			e.Values = append(e.Values, float32(rng.NormFloat64()))
		}
		label := head.Negative
		if i%2 == 0 {
			label = head.Positive
			e.Values[4*(i%6)] += 6
		}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{label}})
	}
	return d
}

func TestSharesAddUpToTheLogOdds(t *testing.T) {
	d := places(200)
	m, err := head.Linear{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	platt, err := m.Calibrate(d, head.Platt)
	if err != nil {
		t.Fatal(err)
	}
	attentive, err := head.Attention{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, e := range d.Examples {
		for _, m := range []*head.Model{m, platt, attentive} {
			shares, err := m.Shares(e.Embedding)
			if err != nil {
				t.Fatal(err)
			}
			_, z, err := m.Scores(e.Embedding)
			if err != nil {
				t.Fatal(err)
			}
			var sum float64
			for _, v := range shares[0] {
				sum += v
			}
			if len(shares[0]) != 6 || math.Abs(sum-z[0]) > 1e-5*(1+math.Abs(z[0])) { // the mean over tokens is of float32
				t.Fatalf("film %d: %v add up to %v, log odds %v", i, shares[0], sum, z[0])
			}
			if i%2 == 0 && slices.Index(shares[0], slices.Max(shares[0])) == i%6 {
				found++
			}
		}
	}
	if found < 285 { // of 300
		t.Errorf("%d films have their spot where it is", found)
	}
}

func TestSharesAreRefused(t *testing.T) {
	e := places(1).Examples[0].Embedding
	s := head.Spec{Findings: []string{"a"}, Space: e.Space, Mean: make([]float64, 4), Scale: []float64{1, 1, 1, 1}, Layers: []head.Layer{
		{In: 4, Out: 2, Weights: make([]float64, 8), Bias: make([]float64, 2)}, {In: 2, Out: 1, Weights: make([]float64, 2), Bias: make([]float64, 1)},
	}}
	m, err := head.NewModel(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Shares(e); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("two layers: %v", err)
	}
	other := *e
	other.Model = "n"
	if _, err := m.Shares(&other); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("another model: %v", err)
	}
}

func TestShuffledDealsLabels(t *testing.T) {
	d := places(100)
	d.Examples[3].Labels = []head.Label{head.Missing}
	a, b, other := d.Shuffled(1), d.Shuffled(1), d.Shuffled(2)
	count := func(d *head.Dataset) (n [3]int, order []head.Label) {
		for _, e := range d.Examples {
			n[e.Labels[0]]++
			order = append(order, e.Labels[0])
		}
		return n, order
	}
	n, order := count(d)
	na, oa := count(a)
	_, ob := count(b)
	_, oc := count(other)
	if n != na || slices.Equal(order, oa) || !slices.Equal(oa, ob) || slices.Equal(oa, oc) {
		t.Errorf("%v became %v", n, na)
	}
	for i := range d.Examples {
		if a.Examples[i].Embedding != d.Examples[i].Embedding {
			t.Fatal("films moved")
		}
	}
}
