package logistic

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/cxrkit/cxrkit/internal/mixed"
	"github.com/cxrkit/cxrkit/internal/parallel"
)

// Features of embeddings go together, and then minimization takes hundreds of
// passes. With the inverse of the curvature, as a sample of the films tells it,
// it takes some ten. To make it costs as much as many passes, so it is made
// when so many have been spent in vain: that is at most twice the work of
// having known.

const (
	sampleRows     = 4    // of the sample, for each feature
	maxConditioned = 4096 // features; more would take more than 128 MiB
)

// conditionAfter is how many passes cost as much as a preconditioner does.
func (o *objective) conditionAfter() int {
	n, dim := float64(len(o.Rows)), float64(len(o.Mean))
	if o.L1Ratio > 0 || dim > maxConditioned {
		return math.MaxInt // OWL-QN needs its own directions
	}
	pass := 2 * n * dim
	products := min(n, sampleRows*dim) * dim * dim / 2
	factorization := dim * dim * dim // a third of the multiplications, at a third of the speed
	return int((products + factorization) / pass)
}

// precondition returns what multiplies with the inverse curvature at x, or nil
// if that cannot be told.
func (o *objective) precondition(x []float64) func(d []float64) {
	dim := len(o.Mean)
	gram := mat.NewSymDense(dim+1, nil)
	stride := max(1, len(o.Rows)/(sampleRows*dim))
	const block = 256 // rows that stay in the cache
	sample := make([][]float32, 0, block)
	var weight float64
	for i := 0; i < len(o.Rows); i += stride {
		sample = append(sample, o.curvatureRow(i, x))
		weight += o.Weight[i]
		if len(sample) == block || i+stride >= len(o.Rows) {
			addProducts(gram, sample)
			sample = sample[:0]
		}
	}
	raw := gram.RawSymmetric()
	for j := range raw.Data {
		raw.Data[j] *= o.C * o.total / weight
	}
	for j := range dim {
		raw.Data[j*raw.Stride+j]++
	}
	var cholesky mat.Cholesky
	if !(weight > 0) || !cholesky.Factorize(gram) {
		return nil
	}
	return func(d []float64) {
		v := mat.NewVecDense(len(d), d)
		// An error only says how ill-conditioned the matrix is; a poor guess costs
		// passes, not accuracy.
		_ = cholesky.SolveVecTo(v, v)
	}
}

// curvatureRow is film i, standardized, with a 1 for the intercept, times the
// root of what it adds to the curvature at x.
func (o *objective) curvatureRow(i int, x []float64) []float32 {
	dim := len(o.Mean)
	row := make([]float32, dim+1)
	z := x[dim]
	for j, v := range o.Rows[i] {
		s := (float64(v) - o.Mean[j]) * o.Scale[j]
		z += s * x[j]
		row[j] = float32(s)
	}
	row[dim] = 1
	p := 1 / (1 + math.Exp(-z))
	root := float32(math.Sqrt(o.Weight[i] * p * (1 - p)))
	for j := range row {
		row[j] *= root
	}
	return row
}

// addProducts adds the upper triangle of Σ row·rowᵀ.
func addProducts(gram *mat.SymDense, rows [][]float32) {
	raw := gram.RawSymmetric()
	parallel.Each(raw.N, func(i int) {
		y := raw.Data[i*raw.Stride+i : i*raw.Stride+raw.N]
		for first := 0; first < len(rows); first += 4 {
			var x [4][]float32
			var a [4]float64
			for k := range x { // beyond the end the last row again, times 0
				row := rows[min(first+k, len(rows)-1)]
				x[k] = row[i:]
				if first+k < len(rows) {
					a[k] = float64(row[i])
				}
			}
			mixed.Axpy4(&a, &x, y)
		}
	})
}
