package mlp_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
)

// long asks for ten seeds of every case of [TestRule].
var long = flag.Bool("long", false, "all of the table of training rules")

// synthetic makes films of 128 features, of which a few directions tell the
// finding: by their sum, or curved, also by products of pairs.
func synthetic(seed uint64, films int, curved bool) *head.Dataset {
	const dim, useful = 128, 12
	rng := rand.New(rand.NewPCG(seed, 128))
	d := &head.Dataset{Findings: []string{"x"}}
	for i := range films {
		values := make([]float32, dim)
		for j := range values {
			values[j] = float32(rng.NormFloat64())
		}
		z := 0.0
		for j := range useful {
			z += 0.4 * float64(values[j])
			if curved && j%2 == 0 {
				z += 0.9 * float64(values[j]) * float64(values[j+1])
			}
		}
		l := head.Negative
		if rng.Float64() < 1/(1+math.Exp(-1.5*z)) {
			l = head.Positive
		}
		e := &cxr.Embedding{ID: fmt.Sprint(seed, "-", i), Space: cxr.Space{Model: "synthetic", Tokens: 1, Dim: dim}, Values: values}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{l}})
	}
	return d
}

func testAUC(t *testing.T, h *head.Model, test *head.Dataset) float64 {
	t.Helper()
	r, err := report.Evaluate(h, test, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Findings[0].AUC.Value
}

// All films for a fixed number of epochs and three networks are better than one
// network of the epoch that a quarter of the films likes best, and from 150 films
// on at least as good as a linear probe where there is something curved to learn.
func TestRule(t *testing.T) {
	cases := []struct {
		films, seeds int
		curved       bool
	}{{60, 10, false}, {150, 10, false}, {150, 10, true}, {400, 5, true}}
	var hidden []int
	dropout := 0.7
	if !*long { // a smaller network, which learns too slowly with so much dropout
		cases, hidden, dropout = cases[1:2], []int{64, 32}, 0.3
		cases[0].seeds = 4
	}
	for _, c := range cases {
		names := []string{"best epoch", "all films, one network", "all films, three", "linear"}
		mean := make([]float64, len(names))
		for seed := range uint64(c.seeds) {
			all, test := synthetic(2*seed, c.films, c.curved), synthetic(2*seed+1, 2000, c.curved)
			part, tune := all.Subset(span(0, c.films*3/4)), all.Subset(span(c.films*3/4, c.films))
			for k, rule := range []struct {
				t           head.Trainer
				train, tune *head.Dataset
			}{
				{mlp.Trainer{Hidden: hidden, Networks: 1, Epochs: 100, Patience: 100, Dropout: 0.3, Seed: seed}, part, tune},
				{mlp.Trainer{Hidden: hidden, Networks: 1, Dropout: dropout, Seed: seed}, all, nil},
				{mlp.Trainer{Hidden: hidden, Dropout: dropout, Seed: seed}, all, nil},
				{head.Linear{}, all, nil},
			} {
				h, err := rule.t.Fit(t.Context(), rule.train, rule.tune)
				if err != nil {
					t.Fatal(err)
				}
				mean[k] += testAUC(t, h, test) / float64(c.seeds)
			}
		}
		for k, name := range names {
			t.Logf("%d films, curved %v: %-24s %.3f", c.films, c.curved, name, mean[k])
		}
		if mean[2] < mean[0] || mean[2] < mean[1]-0.005 {
			t.Errorf("%d films, curved %v: %.3f", c.films, c.curved, mean)
		}
		if c.curved && mean[2] < mean[3]-0.005 {
			t.Errorf("%d films: %.3f, a linear probe %.3f", c.films, mean[2], mean[3])
		}
	}
}

func span(from, to int) (at []int) {
	for i := from; i < to; i++ {
		at = append(at, i)
	}
	return at
}
