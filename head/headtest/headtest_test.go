package headtest_test

import (
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
)

func TestLinear(t *testing.T) {
	for name, l := range map[string]*head.Linear{
		"ridge":       {},
		"elastic net": {C: 1, L1Ratio: 0.5},
		"balanced":    {C: 0.1, Balanced: true},
		"raw":         {C: 0.1, Raw: true},
		"C is chosen": {Candidates: []float64{0.001, 0.1, 10}, Folds: 3},
	} {
		t.Run(name, func(t *testing.T) { headtest.TestTrainer(t, l) })
	}
}

// The best score of the problem is the feature itself.
func TestBayes(t *testing.T) {
	g := headtest.Gaussian{Seed: 1, Films: 20000, Dim: 1, Strength: 1.2, Findings: []string{"x"}}
	var pos, neg []float64
	for _, e := range g.Make().Examples {
		if v := float64(e.Embedding.Values[0]); e.Labels[0] == head.Positive {
			pos = append(pos, v)
		} else {
			neg = append(neg, v)
		}
	}
	var wins float64
	for i, p := range pos[:2000] {
		if p > neg[i] {
			wins += 1.0 / 2000
		}
	}
	if math.Abs(wins-g.Bayes()) > 0.03 {
		t.Errorf("the feature orders %.3f of the pairs, Bayes says %.3f", wins, g.Bayes())
	}
}
