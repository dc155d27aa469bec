// Package layout lays films out in the plane by their features: at once along the
// two directions in which they vary most (principal components), and then so that
// neighbors stay neighbors (UMAP; McInnes, Healy, Melville 2018).
//
// Both give the same result for the same films, whatever the machine has to do
// besides.
package layout

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/cxrkit/cxrkit/internal/parallel"
)

// fitted is how many films, drawn by chance, the directions are found from.
const fitted = 2000

// Numbers of the randomized method (Halko, Martinsson, Tropp 2011): directions
// beyond those wanted, and rounds in which the subspace is refined.
const (
	oversample = 10
	rounds     = 4
)

// Components are the directions in which films vary most.
type Components struct {
	Variance   []float64 // along each direction, descending
	mean       []float64
	directions [][]float32 // each of length 1
}

// Principal finds at most so many directions from the features of films, films x
// features, of at most 2,000 of them.
func Principal(rows [][]float32, directions int) (*Components, error) {
	if err := check(rows); err != nil {
		return nil, err
	}
	n, dim := min(len(rows), fitted), len(rows[0])
	x, mean := mat.NewDense(n, dim, nil), make([]float64, dim)
	for i, film := range drawn(len(rows), n) {
		row := x.RawRowView(i)
		for j, v := range rows[film] {
			row[j] = float64(v)
			mean[j] += float64(v) / float64(n)
		}
	}
	for i := range n {
		row := x.RawRowView(i)
		for j := range row {
			row[j] -= mean[j]
		}
	}
	c := &Components{mean: mean}
	wanted := min(directions, n, dim)
	l := min(wanted+oversample, n, dim)
	rng := rand.New(rand.NewPCG(1, 1))
	basis := mat.NewDense(dim, l, nil)
	for i := range dim {
		for j := range l {
			basis.Set(i, j, rng.NormFloat64())
		}
	}
	var seen mat.Dense
	for range rounds {
		seen.Mul(x, basis)
		orthonormal(&seen)
		basis.Mul(x.T(), &seen)
		orthonormal(basis)
	}
	seen.Mul(x, basis) // films along the basis
	var gram mat.SymDense
	gram.SymOuterK(1/float64(n), seen.T())
	var eigen mat.EigenSym
	if !eigen.Factorize(&gram, true) {
		return nil, errors.New("layout: the features' covariance has no eigenvectors")
	}
	values := eigen.Values(nil) // ascending
	var turn, along mat.Dense
	eigen.VectorsTo(&turn)
	along.Mul(basis, &turn)
	for k := range wanted {
		at := l - 1 - k
		if !(values[at] > 1e-12*values[l-1]) {
			break
		}
		direction, largest := make([]float32, dim), 0.0
		for j := range direction {
			v := along.At(j, at)
			direction[j] = float32(v)
			if math.Abs(v) > math.Abs(largest) {
				largest = v
			}
		}
		if largest < 0 { // either sign would do: take one
			for j := range direction {
				direction[j] = -direction[j]
			}
		}
		c.Variance = append(c.Variance, values[at])
		c.directions = append(c.directions, direction)
	}
	return c, nil
}

// drawn are most of n films, or all if there are no more, in their order. It is the
// same ones each time.
func drawn(n, most int) []int {
	films := rand.New(rand.NewPCG(4, 4)).Perm(n)[:min(n, most)]
	slices.Sort(films)
	return films
}

// orthonormal makes the columns of a orthonormal, with the same span.
func orthonormal(a *mat.Dense) {
	rows, columns := a.Dims()
	var qr mat.QR
	qr.Factorize(a)
	var q mat.Dense
	qr.QTo(&q)
	a.Copy(q.Slice(0, rows, 0, columns))
}

func check(rows [][]float32) error {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return errors.New("layout: no films")
	}
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return fmt.Errorf("layout: film %d has %d features, the first has %d", i, len(row), len(rows[0]))
		}
		for _, v := range row {
			if v-v != 0 {
				return fmt.Errorf("layout: film %d has a feature that is %v", i, v)
			}
		}
	}
	return nil
}

// Along is where films lie along each direction: films x directions.
func (c *Components) Along(rows [][]float32) [][]float32 {
	offset := make([]float32, len(c.directions))
	for k, d := range c.directions {
		var sum float64
		for j, v := range d {
			sum += float64(v) * c.mean[j]
		}
		offset[k] = float32(sum)
	}
	out := make([][]float32, len(rows))
	parallel.Each(len(rows), func(i int) {
		out[i] = make([]float32, len(c.directions))
		for k, d := range c.directions {
			out[i][k] = dot(rows[i], d) - offset[k]
		}
	})
	return out
}

func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

// A Place is where a film lies in the plane.
type Place [2]float32

// Plane is where films lie along the first two directions, 0 where there is none.
func Plane(ctx context.Context, rows [][]float32) ([]Place, error) {
	c, err := Principal(rows, 2)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	places := make([]Place, len(rows))
	for i, along := range c.Along(rows) {
		copy(places[i][:], along)
	}
	return places, nil
}
