package head

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/logistic"
)

// Attention trains a head for embeddings of many tokens, such as zones of the
// chest or patches of a transformer: as [Linear], but the mean over the tokens is
// a weighted one, each finding having its own weights by a query that is learned
// with it (attention pooling; Ilse 2018 without the hidden layer). It is for
// findings that have a place; on embeddings of one token it is Linear.
//
// It begins as the linear probe on the tokens' mean and goes down from there to
// the nearest minimum of
//
//	C * sum of log loss + |w|^2/2 + C * within * |query|^2 / (2 Sharpness^2)
//
// where within is the mean variance of the tokens of a film, over all features.
// Equal data give equal heads.
type Attention struct {
	// C is that of [Linear], with the same default.
	C float64

	// Sharpness is the prior deviation of the logarithm of a token's weight within
	// a film: near 0 all tokens count alike, at 3 and more few count. 0: 1.
	Sharpness float64
}

// Fit implements [Trainer]. The tuning films are not used.
func (a Attention) Fit(ctx context.Context, train, tune *Dataset) (*Model, error) {
	if a.Sharpness < 0 || a.Sharpness-a.Sharpness != 0 {
		return nil, fmt.Errorf("head: Sharpness is %v, want a positive number", a.Sharpness)
	}
	linear := Linear{C: a.C}
	means, err := linear.Fit(ctx, train, nil)
	if err != nil {
		return nil, err
	}
	s := means.Spec()
	sharpness := a.Sharpness
	if sharpness == 0 {
		sharpness = 1
	}
	s.Training.Trainer = "attention"
	s.Training.Settings["Sharpness"] = sharpness
	if s.Space.Tokens == 1 {
		return NewModel(s)
	}
	x := newDesign(train, s.Space.Dim, false)
	within := x.within(train)
	if within == 0 { // all tokens of all films are equal: nothing to choose from
		return NewModel(s)
	}
	dim, c := s.Space.Dim, linear.strength(s.Space.Dim)
	s.Queries = make([]float64, 0, dim*len(train.Findings))
	for f, name := range train.Findings {
		mean, err := linear.problem(train, x, f, c)
		if err != nil {
			return nil, err
		}
		p := &logistic.Pooled{Problem: *mean, Tokens: s.Space.Tokens, QueryPenalty: c * within / (sharpness * sharpness)}
		p.Rows = nil
		positives, negatives, err := train.Classes(f)
		if err != nil {
			return nil, err
		}
		for _, films := range [][]int{negatives, positives} { // in the order of problem
			for _, i := range films {
				e := train.Examples[i].Embedding
				for t := range e.Tokens {
					p.Rows = append(p.Rows, e.Token(t))
				}
			}
		}
		from := &logistic.Solution{Weights: s.Layers[0].Weights[f*dim : (f+1)*dim], Intercept: s.Layers[0].Bias[f]}
		query, w, err := p.Solve(ctx, from, 1e-7)
		if err != nil {
			return nil, fmt.Errorf("head: finding %q: %w", name, err)
		}
		s.Queries = append(s.Queries, query...)
		copy(s.Layers[0].Weights[f*dim:], w.Weights)
		s.Layers[0].Bias[f] = w.Intercept
	}
	return NewModel(s)
}

// within is the mean over the films of the variance of a film's tokens, summed
// over the standardized features.
func (x *design) within(d *Dataset) float64 {
	var total, films float64
	for i, e := range d.Examples {
		mean := x.rows[i]
		var sum float64
		for t := range e.Embedding.Tokens {
			for j, v := range e.Embedding.Token(t) {
				z := (float64(v) - float64(mean[j])) * x.scale[j]
				sum += z * z
			}
		}
		w := d.Weight(i)
		total += w * sum / float64(e.Embedding.Tokens)
		films += w
	}
	return total / films
}

// Attention is how much each token counts in each finding's score, from 0 to 1 and
// of sum 1: one list for each finding, one number for each token. Without
// attention all count alike.
func (m *Model) Attention(e *cxr.Embedding) ([][]float64, error) {
	if err := e.Check(m.spec.Space); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	all := make([][]float64, len(m.spec.Findings))
	for f := range all {
		all[f] = m.attention(e, f)
	}
	return all, nil
}

// attention is how much each token counts in finding f.
func (m *Model) attention(e *cxr.Embedding, f int) []float64 {
	shares := make([]float64, e.Tokens)
	if m.spec.Queries != nil {
		query := Layer{In: e.Dim, Out: 1, Weights: m.queries[f*e.Dim : (f+1)*e.Dim], Bias: []float64{0}}
		x := make([]float64, e.Dim)
		for t := range shares {
			for j, v := range e.Token(t) {
				x[j] = float64(v)
			}
			shares[t] = query.apply(x)[0]
		}
	}
	logistic.Softmax(shares)
	return shares
}

// attended are the log odds of a head with queries.
func (m *Model) attended(e *cxr.Embedding) []float64 {
	z := make([]float64, len(m.spec.Findings))
	x := make([]float64, e.Dim)
	for f := range z {
		clear(x)
		for t, a := range m.attention(e, f) {
			for j, v := range e.Token(t) {
				x[j] += float64(a * float64(v))
			}
		}
		row := Layer{In: e.Dim, Out: 1, Weights: m.first.Weights[f*e.Dim : (f+1)*e.Dim], Bias: m.first.Bias[f : f+1]}
		z[f] = row.apply(x)[0]
	}
	return z
}

// checkQueries reports queries that do not fit.
func (s *Spec) checkQueries() error {
	switch {
	case s.Queries == nil:
		return nil
	case len(s.Layers) != 1:
		return fmt.Errorf("queries before %d layers, want one", len(s.Layers))
	case len(s.Queries)%s.Space.Dim != 0 || len(s.Queries)/s.Space.Dim != len(s.Findings):
		return fmt.Errorf("queries of %d numbers for %d findings and %d features", len(s.Queries), len(s.Findings), s.Space.Dim)
	case !finite(s.Queries):
		return fmt.Errorf("queries are not finite")
	}
	return nil
}

// attention goes on from the embedding to log odds.
func (g *onnxGraph) attention(s *Spec) {
	dim, findings := s.Space.Dim, len(s.Findings)
	scaled := make([]float64, len(s.Queries)) // dim x findings
	for i, q := range s.Queries {
		scaled[i%dim*findings+i/dim] = q * s.Scale[i%dim]
	}
	g.node("MatMul", []string{g.tensor(scaled, dim, findings)})
	g.node("Softmax", nil, integer("axis", 1))
	g.node("Transpose", nil, ints("perm", 0, 2, 1))
	g.node("MatMul", []string{onnxInput})
	g.node("Sub", []string{g.tensor(s.Mean, dim)})
	g.node("Mul", []string{g.tensor(s.Scale, dim)})
	g.node("Mul", []string{g.tensor(s.Layers[0].Weights, findings, dim)})
	g.node("ReduceSum", []string{g.integers(2)}, integer("keepdims", 0))
	g.node("Add", []string{g.tensor(s.Layers[0].Bias, findings)})
}

var _ Trainer = Attention{}
