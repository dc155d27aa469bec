package head

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/cxrkit/cxrkit/cxr"
)

// Linear trains a linear probe: for each finding a logistic regression with an
// L2 penalty on the standardized features (the mean over tokens). It converges
// to the optimum, so equal data give equal heads. The zero Linear is ready.
type Linear struct {
	// C is the inverse strength of the penalty, as in scikit-learn: the loss is
	// C * sum of log losses + |w|^2 / 2, with the intercept free. 0 means
	// 10/Dim, which gives the score of a film a prior deviation of about 3
	// whatever the number of features.
	C float64
}

// Fit keeps the contract of [Trainer]; tune is not used.
func (l *Linear) Fit(ctx context.Context, train, tune *Dataset) (Head, error) {
	kind, err := train.check()
	if err != nil {
		return nil, err
	}
	c := l.C
	if c == 0 {
		c = 10 / float64(kind.dim)
	}
	if !(c > 0) || math.IsInf(c, 0) {
		return nil, fmt.Errorf("head: C is %v, want a positive number", l.C)
	}
	h := &linearHead{kind: kind, findings: train.Findings}
	x := h.standardize(train)
	for f := range train.Findings {
		positives, negatives, err := train.classes(f)
		if err != nil {
			return nil, err
		}
		w, b, err := fitLogistic(ctx, x, positives, negatives, train.Weights, c)
		if err != nil {
			return nil, fmt.Errorf("head: finding %q: %w", train.Findings[f], err)
		}
		h.add(w, b)
	}
	return h, nil
}

// A linearHead scores raw features: standardization is folded into weights and
// intercept when training ends.
type linearHead struct {
	kind        inputKind
	findings    []string
	mean, scale []float64
	weights     [][]float64
	intercepts  []float64
}

func (h *linearHead) Findings() []string { return append([]string(nil), h.findings...) }

func (h *linearHead) Predict(e *cxr.Embedding) ([]float64, error) {
	if err := h.kind.check(e); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	features := e.Mean(make([]float32, 0, e.Dim))
	p := make([]float64, len(h.weights))
	for f, w := range h.weights {
		z := h.intercepts[f]
		for i, v := range features {
			z += float64(w[i] * float64(v))
		}
		p[f] = sigmoid(z)
	}
	return p, nil
}

// standardize learns mean and deviation of each feature and returns the
// features of all films, standardized. A feature that never varies is left out
// by a scale of 0.
func (h *linearHead) standardize(d *Dataset) *mat.Dense {
	n, dim := len(d.Examples), h.kind.dim
	x := mat.NewDense(n, dim, nil)
	h.mean, h.scale = make([]float64, dim), make([]float64, dim)
	features := make([]float32, 0, dim)
	var total float64
	weight := func(i int) float64 {
		if d.Weights == nil {
			return 1
		}
		return d.Weights[i]
	}
	for i, e := range d.Examples {
		row := x.RawRowView(i)
		total += weight(i)
		for j, v := range e.Embedding.Mean(features) {
			row[j] = float64(v)
			h.mean[j] += weight(i) * float64(v)
		}
	}
	for j := range h.mean {
		h.mean[j] /= total
	}
	for i := range n {
		for j, v := range x.RawRowView(i) {
			h.scale[j] += weight(i) * (v - h.mean[j]) * (v - h.mean[j])
		}
	}
	for j, squares := range h.scale {
		h.scale[j] = 0
		if deviation := math.Sqrt(squares / total); deviation > 1e-12*math.Abs(h.mean[j]) && deviation > 0 {
			h.scale[j] = 1 / deviation
		}
	}
	for i := range n {
		row := x.RawRowView(i)
		for j, v := range row {
			row[j] = (v - h.mean[j]) * h.scale[j]
		}
	}
	return x
}

// add takes the weights of standardized features and keeps those of raw ones.
func (h *linearHead) add(w []float64, b float64) {
	raw := make([]float64, len(w))
	for j := range w {
		raw[j] = w[j] * h.scale[j]
		b -= raw[j] * h.mean[j]
	}
	h.weights, h.intercepts = append(h.weights, raw), append(h.intercepts, b)
}

// fitLogistic minimizes C * sum of log losses + |w|^2 / 2 over w and b.
func fitLogistic(ctx context.Context, x *mat.Dense, positives, negatives []int, weights []float64, c float64) (w []float64, b float64, err error) {
	_, dim := x.Dims()
	p := &logistic{c: c, dim: dim}
	var total float64
	for class, places := range [][]int{negatives, positives} {
		for _, i := range places {
			weight := 1.0
			if weights != nil {
				weight = weights[i]
			}
			p.rows = append(p.rows, x.RawRowView(i))
			p.y = append(p.y, float64(class))
			p.weight = append(p.weight, weight)
			total += weight
		}
	}
	start := make([]float64, dim+1)
	settings := &optimize.Settings{
		// The gradient's rounding grows with the number of films and C.
		GradientThreshold: 1e-7 * math.Max(1, c*total),
		MajorIterations:   10000,
		Recorder:          contextRecorder{ctx},
	}
	problem := optimize.Problem{Func: p.loss, Grad: p.gradient}
	result, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{Store: 10})
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	// A line search that can get no lower at the threshold of rounding has
	// arrived all the same.
	if err != nil && p.flat(result) {
		err = nil
	}
	if err != nil {
		return nil, 0, err
	}
	return result.X[:dim], result.X[dim], nil
}

// A contextRecorder ends a minimization when its context ends.
type contextRecorder struct{ ctx context.Context }

func (r contextRecorder) Init() error { return nil }

func (r contextRecorder) Record(*optimize.Location, optimize.Operation, *optimize.Stats) error {
	return r.ctx.Err()
}

// A logistic is the objective. Loss and gradient share their work, so they are
// computed together and kept for the place they were computed at.
type logistic struct {
	rows      [][]float64
	y, weight []float64
	c         float64
	dim       int

	at, grad []float64
	value    float64
}

func (p *logistic) loss(x []float64) float64 {
	p.evaluate(x)
	return p.value
}

func (p *logistic) gradient(grad, x []float64) {
	p.evaluate(x)
	copy(grad, p.grad)
}

func (p *logistic) evaluate(x []float64) {
	if p.at != nil && equal(p.at, x) {
		return
	}
	p.at = append(p.at[:0], x...)
	p.grad = append(p.grad[:0], x...)
	w, b := x[:p.dim], x[p.dim]
	p.grad[p.dim] = 0
	p.value = 0
	for _, v := range w {
		p.value += 0.5 * v * v
	}
	for i, row := range p.rows {
		z := b
		for j, v := range row {
			z += w[j] * v
		}
		// log(1+e^z) - y z, without overflow.
		p.value += p.c * p.weight[i] * (math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - p.y[i]*z)
		d := p.c * p.weight[i] * (sigmoid(z) - p.y[i])
		for j, v := range row {
			p.grad[j] += d * v
		}
		p.grad[p.dim] += d
	}
}

// flat reports whether the gradient at the result is as small as rounding
// lets it be.
func (p *logistic) flat(r *optimize.Result) bool {
	if r == nil {
		return false
	}
	p.evaluate(r.X)
	var largest float64
	for _, g := range p.grad {
		largest = math.Max(largest, math.Abs(g))
	}
	return largest < 1e-5*math.Max(1, math.Abs(p.value))
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}
