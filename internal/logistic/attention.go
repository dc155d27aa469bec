package logistic

import (
	"context"
	"math"

	"github.com/cxrkit/cxrkit/internal/mixed"
	"github.com/cxrkit/cxrkit/internal/parallel"
)

// A Pooled is a logistic regression on a mean over the tokens of a film that a
// query weighs: with the tokens x_t, standardized as Problem's rows,
//
//	z = intercept + sum over t of a_t (weights·x_t),  a = softmax over t of query·x_t
//
// Its loss is that of a Problem without L1 penalty, plus QueryPenalty/2 |query|^2.
// It is not convex; at query 0 it is the Problem of the tokens' means.
type Pooled struct {
	Problem      // Rows are films' tokens, one after the other
	Tokens       int
	QueryPenalty float64
}

// films a goroutine takes at a time; see chunk.
const pooledChunk = 64

// Solve goes down from the solution of the means, with a query of 0. The same
// problem gives the same bits whatever GOMAXPROCS is.
func (p *Pooled) Solve(ctx context.Context, means *Solution, tolerance float64) (query []float64, _ *Solution, err error) {
	dim := len(p.Mean)
	o := newPooling(p)
	x := make([]float64, 2*dim+1)
	copy(x, means.Weights)
	x[2*dim] = means.Intercept
	m := minimizer{
		evaluate:  o.evaluate,
		step:      1 / (1 + p.C*o.total/4),
		tolerance: max(tolerance*max(1, p.C*o.total), 1e-12*p.C*o.total),
	}
	if err := m.minimize(ctx, x); err != nil {
		return nil, nil, err
	}
	return x[dim : 2*dim], &Solution{Weights: x[:dim], Intercept: x[2*dim], Passes: m.evaluations, Slope: m.slope}, nil
}

// A pooling is the loss of a Pooled.
type pooling struct {
	*Pooled
	total  float64 // weights of the films
	scaled [2][]float64
	parts  []pooledPart
}

// A pooledPart is what a chunk of films adds to the loss: gradients by the
// weights and the query, over features as they are.
type pooledPart struct {
	gradient  [2][]float64
	residuals float64
	loss      float64
	score     [2][]float64 // of each token, by weights and query
}

func newPooling(p *Pooled) *pooling {
	o := &pooling{Pooled: p, parts: make([]pooledPart, (len(p.Weight)+pooledChunk-1)/pooledChunk)}
	for _, w := range p.Weight {
		o.total += w
	}
	dim, padded := len(p.Mean), (p.Tokens+3)/4*4
	for v := range 2 {
		o.scaled[v] = make([]float64, dim)
		for k := range o.parts {
			o.parts[k].gradient[v], o.parts[k].score[v] = make([]float64, dim), make([]float64, padded)
		}
	}
	return o
}

// evaluate is the loss at x: weights, query, intercept. It sets the gradient.
func (o *pooling) evaluate(x, gradient []float64) float64 {
	dim := len(o.Mean)
	intercept := x[2*dim]
	for j, s := range o.Scale {
		o.scaled[0][j], o.scaled[1][j] = x[j]*s, x[dim+j]*s
		intercept -= o.scaled[0][j] * o.Mean[j]
	}
	parallel.Each(len(o.parts), func(k int) { o.chunk(k, intercept) })

	var loss, residuals, squares float64
	clear(gradient)
	for k := range o.parts {
		part := &o.parts[k]
		loss += part.loss
		residuals += part.residuals
		for v := range 2 {
			for j, g := range part.gradient[v] {
				gradient[v*dim+j] += g
			}
		}
	}
	for j, s := range o.Scale {
		gradient[j] = o.C*s*(gradient[j]-residuals*o.Mean[j]) + x[j]
		gradient[dim+j] = o.C*s*gradient[dim+j] + o.QueryPenalty*x[dim+j] // the shares' changes sum to 0, so that Mean has no part
		squares += x[j]*x[j] + o.QueryPenalty*x[dim+j]*x[dim+j]
	}
	gradient[2*dim] = o.C * residuals
	return o.C*loss + squares/2
}

// chunk makes part k.
func (o *pooling) chunk(k int, intercept float64) {
	part := &o.parts[k]
	part.loss, part.residuals = 0, 0
	clear(part.gradient[0])
	clear(part.gradient[1])
	for i := k * pooledChunk; i < min((k+1)*pooledChunk, len(o.Weight)); i++ {
		tokens := o.Rows[i*o.Tokens : (i+1)*o.Tokens]
		var rows [4][]float32
		for t := 0; t < o.Tokens; t += 4 {
			four(&rows, tokens[t:])
			for v := range 2 {
				mixed.Dot4(&rows, o.scaled[v], (*[4]float64)(part.score[v][t:]))
			}
		}
		shares, score := part.score[1][:o.Tokens], part.score[0][:o.Tokens]
		Softmax(shares)
		var pooled float64
		for t, a := range shares {
			pooled += a * score[t]
		}
		loss, derivative := logLoss(intercept+pooled, o.Positive[i])
		part.loss += o.Weight[i] * loss
		residual := o.Weight[i] * derivative
		part.residuals += residual
		for t := 0; t < o.Tokens; t += 4 {
			four(&rows, tokens[t:])
			var byWeights, byQuery [4]float64
			for u := range min(4, o.Tokens-t) {
				byWeights[u] = residual * shares[t+u]
				byQuery[u] = byWeights[u] * (score[t+u] - pooled)
			}
			mixed.Axpy4(&byWeights, &rows, part.gradient[0])
			mixed.Axpy4(&byQuery, &rows, part.gradient[1])
		}
	}
}

// four is the first four rows, the last again where there are fewer.
func four(out *[4][]float32, rows [][]float32) {
	for u := range out {
		out[u] = rows[min(u, len(rows)-1)]
	}
}

// Softmax makes shares of their logarithms, which may lack a constant.
func Softmax(x []float64) {
	most := math.Inf(-1)
	for _, v := range x {
		most = max(most, v)
	}
	var sum float64
	for i, v := range x {
		x[i] = math.Exp(v - most)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}
