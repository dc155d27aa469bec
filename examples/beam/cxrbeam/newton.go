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
// curvature, at State.
type sums struct {
	Part      int64
	State     state
	Loss      []float64
	Total     []float64 // weight of the films
	Gradient  []float64 // dim+1 of each finding
	Curvature []float64 // upper triangles, row by row

	Piece, Size int64 // of what travels: see pieces
}

// piece is how many values of curvature travel together, 128 KiB: Flink sorts what
// it shuffles, with no room for a record of megabytes.
const piece = 16 << 10

// pieces cuts sums up: number 0 has all but the curvature, and its Size, the
// others have the curvature.
func (o sums) pieces(emit func(sums)) {
	curvature := o.Curvature
	o.Curvature, o.Size = nil, int64(len(curvature))
	emit(o)
	number := int64(0)
	for some := range slices.Chunk(curvature, piece) {
		number++
		emit(sums{Part: o.Part, Piece: number, Curvature: some})
	}
}

func triangle(n int) int { return n * (n + 1) / 2 }

// A partFn sums up a part at a state.
type partFn struct{ T training }

// ProcessElement emits sums by group: about as many parts are in a group as there
// are groups, so that no worker adds up all.
func (f *partFn) ProcessElement(_ context.Context, number int64, parts func(*Part) bool, states func(*state) bool, emit func(int64, sums)) error {
	var p Part
	var s state
	if !parts(&p) || !states(&s) {
		return fmt.Errorf("train: part %d is not dealt out as it should be", number)
	}
	out := sums{Part: number, State: s}
	group := number / int64(math.Ceil(math.Sqrt(float64(f.T.Parts))))
	if !slices.Contains(s.Done, false) {
		emit(group, out)
		return nil
	}
	examples, err := p.examples(f.T.Data, f.T.Labels, f.T.Findings, f.T.Split)
	if err != nil {
		return err
	}
	n, size := len(f.T.Findings), f.T.Space.Dim+1
	out.Loss, out.Total = make([]float64, n), make([]float64, n)
	out.Gradient, out.Curvature = make([]float64, n*size), make([]float64, n*triangle(size))
	for k := range n {
		if !s.Done[k] {
			out.add(k, size, examples)
		}
	}
	out.pieces(func(o sums) { emit(group, o) })
	return nil
}

// add sums up the films whose label of finding k is known.
func (o *sums) add(k, size int, examples []example) {
	weights, gradient := o.State.Weights[k*size:][:size], o.Gradient[k*size:][:size]
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
				row[j] = (float64(v) - o.State.Mean[j]) * o.State.Scale[j]
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

// A sumFn adds up a group.
type sumFn struct{}

// ProcessElement emits the sum to the one who has them all.
func (*sumFn) ProcessElement(group int64, all func(*sums) bool, emit func(int64, sums)) {
	o := total(all)
	o.Part = group
	o.pieces(func(o sums) { emit(0, o) })
}

// total adds in order, so that equal films give equal heads.
func total(all func(*sums) bool) sums {
	var list []sums
	for o := (sums{}); all(&o); o = (sums{}) {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b sums) int { return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Piece, b.Piece)) })
	first := list[0]
	first.Curvature = make([]float64, first.Size)
	for i, o := range list {
		if o.Piece > 0 {
			add(first.Curvature[(o.Piece-1)*piece:], o.Curvature)
		} else if i > 0 {
			add(first.Loss, o.Loss)
			add(first.Total, o.Total)
			add(first.Gradient, o.Gradient)
		}
	}
	return first
}

func add(to, values []float64) {
	for j, v := range values {
		to[j] += v
	}
}

// A stepFn takes a step.
type stepFn struct{ T training }

// ProcessElement emits the next state.
func (f *stepFn) ProcessElement(_ context.Context, _ int64, all func(*sums) bool, emit func(int64, state)) error {
	o := total(all)
	size := f.T.Space.Dim + 1
	for k, name := range f.T.Findings {
		if o.State.Done[k] {
			continue
		}
		if err := f.step(&o, k, size); err != nil {
			return fmt.Errorf("train: finding %q: %w", name, err)
		}
	}
	f.T.broadcast(o.State, emit)
	return nil
}

// step goes to the minimum of the parabola that touches the loss, and where that
// was too far, half the way back.
func (f *stepFn) step(o *sums, k, size int) error {
	s := &o.State
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
