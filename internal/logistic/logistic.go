// Package logistic finds the weights of a logistic regression with an
// elastic-net penalty.
//
// The loss is
//
//	C·Σ weight·log loss + (1-L1Ratio)/2·|w|² + L1Ratio·|w|₁
//
// over standardized features, with the intercept free of penalty: scikit-learn's
// LogisticRegression. The features stay as they are in memory, in float32;
// standardization happens in the arithmetic, which is in float64. One pass over
// the films gives loss and gradient.
package logistic

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/internal/mixed"
	"github.com/cxrkit/cxrkit/internal/parallel"
)

// ErrNotConverged reports a loss that could not be brought to its minimum.
var ErrNotConverged = errors.New("logistic regression did not converge")

// A Problem is a set of films, each with its features, class and weight. A
// Problem is not changed by solving it.
type Problem struct {
	Rows     [][]float32 // features of each film, all of one length
	Positive []bool      // class of each film
	Weight   []float64   // of each film, at least 0

	// Feature j enters as (x-Mean[j])·Scale[j].
	Mean, Scale []float64

	C       float64 // weight of the data, above 0
	L1Ratio float64 // share of the L1 penalty, 0..1
}

// A Solution holds the weights of the standardized features.
type Solution struct {
	Weights   []float64
	Intercept float64
	Passes    int     // over the films
	Slope     float64 // length of the (sub)gradient: for L1Ratio < 1, (1-L1Ratio) times a bound on the error of Weights
}

// Solve minimizes the loss from start, which may be nil. It ends when the
// length of the gradient is at most tolerance, or as small as rounding lets it
// be. The same problem gives the same bits whatever GOMAXPROCS is.
func (p *Problem) Solve(ctx context.Context, start *Solution, tolerance float64) (*Solution, error) {
	dim := len(p.Mean)
	o := newObjective(p)
	x := make([]float64, dim+1)
	if start != nil {
		copy(x, start.Weights)
		x[dim] = start.Intercept
	} else {
		x[dim] = math.Log(o.positive / (o.total - o.positive))
	}
	m := minimizer{
		evaluate:       o.evaluate,
		condition:      o.precondition,
		conditionAfter: o.conditionAfter(),
		penalty:        p.L1Ratio,
		penalize:       dim,
		// Near chance the curvature along a standardized feature is C·Σ weight·p(1-p).
		step:      1 / (1 - p.L1Ratio + p.C*o.positive*(o.total-o.positive)/o.total),
		tolerance: max(tolerance, 1e-12*p.C*o.total), // rounding leaves about 1e-16 for each film
	}
	if err := m.minimize(ctx, x); err != nil {
		return nil, err
	}
	return &Solution{Weights: x[:dim], Intercept: x[dim], Passes: m.evaluations, Slope: m.slope}, nil
}

// chunk is how many films one goroutine takes at a time. Partial sums are added
// in the order of chunks, so the result does not depend on scheduling.
const chunk = 512

// An objective is the smooth part of a problem's loss.
type objective struct {
	*Problem
	total, positive float64   // sums of weights
	scaled          []float64 // w·Scale
	parts           []partial // one for each chunk
}

// A partial is what a chunk of films adds to the loss.
type partial struct {
	gradient  []float64 // Σ residual·x
	residuals float64
	loss      float64
}

func newObjective(p *Problem) *objective {
	o := &objective{Problem: p, scaled: make([]float64, len(p.Mean))}
	for i, w := range p.Weight {
		o.total += w
		if p.Positive[i] {
			o.positive += w
		}
	}
	o.parts = make([]partial, (len(p.Rows)+chunk-1)/chunk)
	for k := range o.parts {
		o.parts[k].gradient = make([]float64, len(p.Mean))
	}
	return o
}

// evaluate is the smooth loss at x, weights and then intercept, and sets its
// gradient.
func (o *objective) evaluate(x, gradient []float64) float64 {
	dim := len(o.Mean)
	intercept := x[dim]
	for j, s := range o.Scale {
		o.scaled[j] = x[j] * s
		intercept -= o.scaled[j] * o.Mean[j]
	}
	parallel.Each(len(o.parts), func(k int) { o.chunk(k, intercept) })

	var loss, residuals, squares float64
	clear(gradient)
	for k := range o.parts {
		part := &o.parts[k]
		loss += part.loss
		residuals += part.residuals
		for j, g := range part.gradient {
			gradient[j] += g
		}
	}
	ridge := 1 - o.L1Ratio
	for j, s := range o.Scale {
		gradient[j] = o.C*s*(gradient[j]-residuals*o.Mean[j]) + ridge*x[j]
		squares += x[j] * x[j]
	}
	gradient[dim] = o.C * residuals
	return o.C*loss + ridge*squares/2
}

// chunk makes part k, in one pass over its films, four at a time.
func (o *objective) chunk(k int, intercept float64) {
	part := &o.parts[k]
	part.loss, part.residuals = 0, 0
	clear(part.gradient)
	first, end := k*chunk, min((k+1)*chunk, len(o.Rows))
	for ; first < end; first += 4 {
		var rows [4][]float32
		var z, residual [4]float64
		for i := range rows { // beyond the end the last film again, with residual 0
			rows[i] = o.Rows[min(first+i, end-1)]
		}
		mixed.Dot4(&rows, o.scaled, &z)
		for i := range min(4, end-first) {
			loss, derivative := logLoss(intercept+z[i], o.Positive[first+i])
			part.loss += o.Weight[first+i] * loss
			residual[i] = o.Weight[first+i] * derivative
			part.residuals += residual[i]
		}
		mixed.Axpy4(&residual, &rows, part.gradient)
	}
}

// logLoss is -log of the probability of the class at log odds z, and its
// derivative by z, without overflow.
func logLoss(z float64, positive bool) (loss, derivative float64) {
	if positive {
		z = -z
	}
	e := math.Exp(-math.Abs(z))
	loss = math.Max(z, 0) + math.Log1p(e)
	derivative = 1 / (1 + e)
	if z < 0 {
		derivative = e / (1 + e)
	}
	if positive {
		derivative = -derivative
	}
	return loss, derivative
}

func notConverged(slope, tolerance float64) error {
	return fmt.Errorf("%w: gradient %.3g, want %.3g", ErrNotConverged, slope, tolerance)
}
