// Package cohort makes labeled films of patients for tests of heads.
package cohort

import (
	"fmt"
	"math/rand/v2"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// New makes films of patients with one to four films each. Feature f tells
// finding f with the given strength; the rest is noise.
func New(seed uint64, patients, dim int, strength float64) *head.Dataset {
	rng := rand.New(rand.NewPCG(seed, 3))
	d := &head.Dataset{Findings: []string{"common", "rare"}}
	for p := range patients {
		labels := []head.Label{head.Negative, head.Negative}
		for f, prevalence := range []float64{0.4, 0.1} {
			if rng.Float64() < prevalence {
				labels[f] = head.Positive
			}
		}
		for i := range 1 + rng.IntN(4) {
			v := make([]float32, dim)
			for j := range v {
				v[j] = float32(5 + 2*rng.NormFloat64())
			}
			for f, l := range labels {
				if l == head.Positive {
					v[f] += float32(2 * strength)
				}
			}
			d.Examples = append(d.Examples, head.Example{
				Embedding: &cxr.Embedding{ID: fmt.Sprintf("%d-%d", p, i), Space: cxr.Space{Model: "test", Recipe: "standard/1", Tokens: 1, Dim: dim}, Values: v},
				Labels:    labels, Patient: fmt.Sprint("patient", p),
			})
		}
	}
	return d
}
