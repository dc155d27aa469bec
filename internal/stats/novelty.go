package stats

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Novelty tells how unlike the films of a sample another film is: by
// Mahalanobis' distance with a covariance shrunken after Ledoit and Wolf (2004),
// so that there may be fewer films than features. It is immutable.
type Novelty struct {
	Mean      []float64
	Shrinkage float64 // 0..1: of the covariance toward equal, independent features

	// Directions in which the films vary more than in all others, one after the
	// other. Variance is along each of them and, last, in each other direction.
	Directions []float64
	Variance   []float64

	// Distances of the sample's own films, squared, ascending, each from the films
	// of other patients.
	Distances []float64
}

// NewNovelty learns from the features of films, films x features, with their
// patients, at least two. At most so many directions are kept, the other ones
// together; 0: all.
func NewNovelty(rows [][]float32, patient []int, directions int) (*Novelty, error) {
	numbers := map[int]int{}
	for _, p := range patient {
		if _, known := numbers[p]; !known {
			numbers[p] = len(numbers)
		}
	}
	if len(numbers) < 2 {
		return nil, errors.New("films of a single patient do not tell what is unusual")
	}
	n, err := fitNovelty(rows, directions)
	if err != nil {
		return nil, err
	}
	folds := min(5, len(numbers))
	for f := range folds {
		var train [][]float32
		for i, row := range rows {
			if numbers[patient[i]]%folds != f {
				train = append(train, row)
			}
		}
		if len(train) < 2 {
			return nil, errors.New("too few films to tell what is unusual")
		}
		part, err := fitNovelty(train, directions)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			if numbers[patient[i]]%folds == f {
				n.Distances = append(n.Distances, part.Distance(row))
			}
		}
	}
	slices.Sort(n.Distances)
	return n, nil
}

func fitNovelty(rows [][]float32, directions int) (*Novelty, error) {
	films, dim := len(rows), len(rows[0])
	n := &Novelty{Mean: make([]float64, dim)}
	for _, row := range rows {
		for j, v := range row {
			n.Mean[j] += float64(v) / float64(films)
		}
	}
	x := mat.NewDense(films, dim, nil)
	for i, row := range rows {
		for j, v := range row {
			x.Set(i, j, float64(v)-n.Mean[j])
		}
	}
	// The smaller of films x films and features x features has the same
	// eigenvalues.
	size := min(films, dim)
	gram := mat.NewSymDense(size, nil)
	if films <= dim {
		gram.SymOuterK(1/float64(films), x)
	} else {
		gram.SymOuterK(1/float64(films), x.T())
	}
	var trace, square float64
	for i := range size {
		trace += gram.At(i, i)
		for j := range size {
			square += gram.At(i, j) * gram.At(i, j)
		}
	}
	if !(trace > 0) {
		return nil, errors.New("all films have the same features")
	}
	n.Shrinkage = ledoitWolf(x, trace, square)
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, true) {
		return nil, errors.New("the features' covariance has no eigenvectors")
	}
	values := eigen.Values(nil) // ascending
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	mean := trace / float64(dim)
	keep := size
	if directions > 0 {
		keep = min(keep, directions)
	}
	left, others := trace, float64(dim)
	for k := range keep {
		at := size - 1 - k
		if values[at] <= 1e-12*values[size-1] {
			break
		}
		direction := make([]float64, dim)
		if films <= dim {
			var d mat.VecDense
			d.MulVec(x.T(), vectors.ColView(at))
			for j := range direction {
				direction[j] = d.AtVec(j) / math.Sqrt(values[at]*float64(films))
			}
		} else {
			for j := range direction {
				direction[j] = vectors.At(j, at)
			}
		}
		n.Directions = append(n.Directions, direction...)
		n.Variance = append(n.Variance, (1-n.Shrinkage)*values[at]+n.Shrinkage*mean)
		left, others = left-values[at], others-1
	}
	rest := n.Shrinkage * mean
	if others > 0 {
		rest += (1 - n.Shrinkage) * math.Max(0, left) / others
	}
	if !(rest > 0) {
		rest = 1e-12 * mean // features that never vary
	}
	n.Variance = append(n.Variance, rest)
	return n, nil
}

// ledoitWolf is the shrinkage that leaves the least expected error, from the
// centered films x features, and the trace and the sum of squares of their
// covariance.
func ledoitWolf(x *mat.Dense, trace, square float64) float64 {
	films, dim := x.Dims()
	var fourth float64 // sum of the films' squared lengths, squared
	for i := range films {
		row := x.RawRowView(i)
		var length float64
		for _, v := range row {
			length += v * v
		}
		fourth += length * length
	}
	n, d := float64(films), float64(dim)
	beta := (fourth/n - square) / (n * d)
	delta := (square - trace*trace/d) / d
	if !(delta > 0) {
		return 1
	}
	return math.Max(0, math.Min(beta, delta)/delta)
}

// Distance of a film's features from the sample's mean, squared.
func (n *Novelty) Distance(row []float32) float64 {
	d := make([]float64, len(row))
	var length, distance float64
	for j, v := range row {
		d[j] = float64(v) - n.Mean[j]
		length += d[j] * d[j]
	}
	last := len(n.Variance) - 1
	for k, variance := range n.Variance[:last] {
		var along float64
		for j, v := range n.Directions[k*len(d) : (k+1)*len(d)] {
			along += v * d[j]
		}
		distance += along * along / variance
		length -= along * along
	}
	return distance + math.Max(0, length)/n.Variance[last]
}

// Percentile is the share of the sample's own films, 0..1, that lie nearer to the
// films of other patients than this one does.
func (n *Novelty) Percentile(row []float32) float64 {
	at, _ := slices.BinarySearch(n.Distances, n.Distance(row))
	return float64(at) / float64(len(n.Distances))
}
