package headtest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// A Gaussian is a learning problem whose answer is known: features are normal
// with deviation 2 around 5, and a film that has finding f has feature f
// Strength deviations higher. The best AUC that any head can reach is
// [Gaussian.Bayes].
type Gaussian struct {
	Seed     uint64
	Films    int
	Patients int      // dealt in turn; 0: one film each
	Findings []string // nil: "common" and "rare"
	Dim      int      // at least one for each finding
	Tokens   int      // 0: 1; the features are those of the mean
	Strength float64
}

// Bayes is the AUC of the best score, Phi(Strength/sqrt 2).
func (g Gaussian) Bayes() float64 { return 0.5 * math.Erfc(-g.Strength/2) }

// Make draws the films. Half of the patients have the first finding, a quarter
// the second, and so on. The same Gaussian gives the same films on every
// machine.
func (g Gaussian) Make() *head.Dataset {
	if g.Findings == nil {
		g.Findings = []string{"common", "rare"}
	}
	if g.Patients == 0 {
		g.Patients = g.Films
	}
	tokens := max(g.Tokens, 1)
	rng := rand.New(rand.NewPCG(g.Seed, 0x67617573))
	labels := make([][]head.Label, g.Patients)
	for p := range labels {
		for f := range g.Findings {
			label := head.Negative
			if rng.Uint64()>>(63-f) == 0 {
				label = head.Positive
			}
			labels[p] = append(labels[p], label)
		}
	}
	d := &head.Dataset{Findings: g.Findings}
	for i := range g.Films {
		e := &cxr.Embedding{ID: fmt.Sprintf("film%05d", i), Space: cxr.Space{Model: "gaussian", Recipe: "none/1", Tokens: tokens, Dim: g.Dim}}
		for range tokens {
			for j := range g.Dim {
				v := rng.NormFloat64() * math.Sqrt(float64(tokens))
				if j < len(g.Findings) && labels[i%g.Patients][j] == head.Positive {
					v += g.Strength
				}
				e.Values = append(e.Values, float32(5+2*v))
			}
		}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: labels[i%g.Patients], Patient: fmt.Sprintf("patient%05d", i%g.Patients)})
	}
	return d
}
