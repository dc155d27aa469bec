package head

import (
	"fmt"
	"math/rand/v2"

	"github.com/cxrkit/cxrkit/cxr"
)

// Shares are how much each token of an embedding adds to the log odds of each
// finding: findings x tokens, each row adding up to the log odds of
// [Model.Scores]. Where tokens are places, a row is an exact map of where the
// score comes from, without gradients (Zhou et al., 2016, "Learning Deep Features
// for Discriminative Localization"). What does not depend on the film, the bias,
// is shared equally.
//
// It is for models of one layer, such as [Linear] and [Attention] make, of
// embeddings of several tokens. Others are refused with [cxr.ErrUnsupported].
func (m *Model) Shares(e *cxr.Embedding) ([][]float64, error) {
	if err := e.Check(m.spec.Space); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	if len(m.spec.Layers) != 1 {
		return nil, fmt.Errorf("head: %w: shares of tokens in a model of %d layers", cxr.ErrUnsupported, len(m.spec.Layers))
	}
	shares := make([][]float64, m.first.Out)
	for f := range shares {
		slope, bias := 1.0, m.first.Bias[f]
		if m.spec.Calibrations != nil && len(m.spec.Calibrations[f].LogOdds) == 0 {
			c := m.spec.Calibrations[f]
			slope, bias = c.Slope, c.Slope*bias+c.Intercept
		}
		weights := m.first.Weights[f*m.first.In:][:m.first.In]
		shares[f] = make([]float64, e.Tokens)
		for t, a := range m.attention(e, f) {
			var sum float64
			for j, v := range e.Token(t) {
				sum += float64(slope * weights[j] * float64(v))
			}
			shares[f][t] = a*sum + bias/float64(e.Tokens)
		}
	}
	return shares, nil
}

// Shuffled is the dataset with the labels dealt anew among the films, those of a
// film together; a seed gives the same deal. What a model learns from it, it
// learns from chance: its map is to be seen beside the map of the real one.
func (d *Dataset) Shuffled(seed uint64) *Dataset {
	s := &Dataset{Findings: d.Findings, Examples: make([]Example, len(d.Examples)), Weights: d.Weights}
	from := rand.New(rand.NewPCG(seed, 0)).Perm(len(d.Examples))
	for i, e := range d.Examples {
		e.Labels = d.Examples[from[i]].Labels
		s.Examples[i] = e
	}
	return s
}
