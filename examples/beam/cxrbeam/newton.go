package cxrbeam

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/cxrkit/cxrkit/head"
)

// slope is how long a gradient may be at the optimum. The penalty's curvature is
// 1, so that weights are no further off than that.
const slope = 1e-8

// block is how many films are multiplied at a time.
const block = 256

// sums are what films add to the loss of each finding, its gradient and its
// curvature. They share Values, which is what travels.
type sums struct {
	Values    []float64
	Loss      []float64
	Total     []float64 // weight of the films
	Gradient  []float64 // dim+1 of each finding
	Curvature []float64 // upper triangles, row by row
}

// newSums are of n findings and size weights each.
func newSums(n, size int) *sums {
	o := &sums{Values: make([]float64, n*(2+size+triangle(size)))}
	left := o.Values
	for _, field := range []struct {
		of *[]float64
		n  int
	}{{&o.Loss, n}, {&o.Total, n}, {&o.Gradient, n * size}, {&o.Curvature, n * triangle(size)}} {
		*field.of, left = left[:field.n], left[field.n:]
	}
	return o
}

func triangle(n int) int { return n * (n + 1) / 2 }

// pieceValues is how many values travel together, 8 KiB. An engine may hold all
// that has one key as one record, and Flink sorts records in a buffer of about a
// megabyte: so pieces have keys of their own, and a key few of them.
const pieceValues = 1 << 10

// A piece is some of the sums of a part or group.
type piece struct {
	Of, Number int64
	Values     []float64
}

// pieces cuts sums up.
func (o *sums) pieces(of int64, emit func(piece)) {
	number := int64(0)
	for some := range slices.Chunk(o.Values, pieceValues) {
		emit(piece{of, number, some})
		number++
	}
}

// A partFn sums up a part at a state.
type partFn struct{ T training }

// ProcessElement emits pieces by number and group: about as many parts are in a
// group as there are groups, so that no worker adds up all.
func (f *partFn) ProcessElement(_ context.Context, number int64, p Part, s state, emit func(int64, piece)) error {
	if !slices.Contains(s.Done, false) {
		return nil
	}
	examples, err := p.examples(f.T.Data, f.T.Labels, f.T.Findings, f.T.Split)
	if err != nil {
		return err
	}
	size := f.T.Space.Dim + 1
	o := newSums(len(f.T.Findings), size)
	for k, done := range s.Done {
		if !done {
			o.add(&s, k, size, examples)
		}
	}
	groups := int64(math.Ceil(math.Sqrt(float64(f.T.Parts))))
	o.pieces(number, func(p piece) { emit(p.Number*groups+number/groups, p) })
	return nil
}

// add sums up the films whose label of finding k is known.
func (o *sums) add(s *state, k, size int, examples []example) {
	weights, gradient := s.Weights[k*size:][:size], o.Gradient[k*size:][:size]
	square := blas64.Symmetric{N: size, Stride: size, Data: make([]float64, size*size), Uplo: blas.Upper}
	rows := blas64.General{Cols: size, Stride: size, Data: make([]float64, block*size)}
	var x []float32
	for i, e := range examples {
		label := e.label.Labels[k]
		if label == head.Positive || label == head.Negative {
			x = e.embedding.Mean(x[:0])
			row := rows.Data[rows.Rows*size:][:size]
			z := weights[size-1]
			for j, v := range x {
				row[j] = (float64(v) - s.Mean[j]) * s.Scale[j]
				z += row[j] * weights[j]
			}
			row[size-1] = 1
			y := 0.0
			if label == head.Positive {
				y = 1
			}
			p := 1 / (1 + math.Exp(-z))
			o.Loss[k] += e.label.Weight * (math.Max(z, 0) - y*z + math.Log1p(math.Exp(-math.Abs(z))))
			o.Total[k] += e.label.Weight
			root := math.Sqrt(e.label.Weight * p * (1 - p))
			for j, v := range row {
				gradient[j] += e.label.Weight * (p - y) * v
				row[j] = v * root
			}
			rows.Rows++
		}
		if rows.Rows == block || i == len(examples)-1 && rows.Rows > 0 {
			blas64.Syrk(blas.Trans, 1, rows, 1, square)
			rows.Rows = 0
		}
	}
	at := k * triangle(size)
	for i := range size {
		at += copy(o.Curvature[at:], square.Data[i*size+i:(i+1)*size])
	}
}

// A sumFn adds up the pieces of a key.
type sumFn struct{}

// ProcessElement emits the sum by the piece's number. It adds in order, so that
// equal films give equal heads.
func (*sumFn) ProcessElement(_ int64, all func(*piece) bool, emit func(int64, piece)) {
	var list []piece
	for p := (piece{}); all(&p); p = (piece{}) {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b piece) int { return cmp.Compare(a.Of, b.Of) })
	sum := list[0]
	sum.Values = slices.Clone(sum.Values)
	for _, p := range list[1:] {
		for j, v := range p.Values {
			sum.Values[j] += v
		}
	}
	emit(sum.Number, sum)
}

// A stepFn takes a step.
type stepFn struct{ T training }

// ProcessElement emits the next state.
func (f *stepFn) ProcessElement(_ context.Context, s state, all func(*piece) bool, emit func(state)) error {
	if !slices.Contains(s.Done, false) {
		emit(s)
		return nil
	}
	size := f.T.Space.Dim + 1
	o := newSums(len(f.T.Findings), size)
	if err := o.join(all); err != nil {
		return err
	}
	for k, name := range f.T.Findings {
		if s.Done[k] {
			continue
		}
		if err := f.step(&s, o, k, size); err != nil {
			return fmt.Errorf("train: finding %q: %w", name, err)
		}
	}
	emit(s)
	return nil
}

// join puts sums together of their pieces, of which each has to be there once.
func (o *sums) join(all func(*piece) bool) error {
	var have []int64
	for p := (piece{}); all(&p); p = (piece{}) {
		if at := p.Number * pieceValues; at < 0 || at+int64(len(p.Values)) > int64(len(o.Values)) {
			return fmt.Errorf("train: piece %d with %d values of %d", p.Number, len(p.Values), len(o.Values))
		}
		copy(o.Values[p.Number*pieceValues:], p.Values)
		have = append(have, p.Number)
	}
	slices.Sort(have)
	have = slices.Compact(have)
	if want := (len(o.Values) + pieceValues - 1) / pieceValues; len(have) != want {
		return fmt.Errorf("train: %d pieces of sums, want %d", len(have), want)
	}
	return nil
}

// step goes to the minimum of the parabola that touches the loss, and where that
// was too far, half the way back.
func (f *stepFn) step(s *state, o *sums, k, size int) error {
	w, before := s.Weights[k*size:][:size], s.Before[k*size:][:size]
	gradient := mat.NewVecDense(size, slices.Clone(o.Gradient[k*size:][:size]))
	gradient.ScaleVec(f.T.C, gradient)
	loss := f.T.C * o.Loss[k]
	for j, v := range w[:size-1] {
		gradient.SetVec(j, gradient.AtVec(j)+v)
		loss += v * v / 2
	}
	s.Slope[k] = mat.Norm(gradient, 2)
	if s.Slope[k] <= max(slope, 1e-12*f.T.C*o.Total[k]) {
		s.Done[k] = true
		return nil
	}
	if loss > s.Loss[k]+1e-12*math.Abs(s.Loss[k]) {
		for j := range w {
			w[j] = (w[j] + before[j]) / 2
		}
		return nil
	}
	h := mat.NewSymDense(size, nil)
	at := k * triangle(size)
	for i := range size {
		for j := i; j < size; j++ {
			h.SetSym(i, j, f.T.C*o.Curvature[at])
			at++
		}
		if i < size-1 {
			h.SetSym(i, i, h.At(i, i)+1)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(h) {
		return fmt.Errorf("the curvature of the loss is not positive")
	}
	if err := c.SolveVecTo(gradient, gradient); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			return err
		}
	}
	copy(before, w)
	s.Loss[k] = loss
	for j := range w {
		w[j] -= gradient.AtVec(j)
	}
	return nil
}
