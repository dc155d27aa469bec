package board

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// nextFilms is how many films to label next are told.
const nextFilms = 48

// Next is n films to label next: of those that the head doubts most, those that are
// least like each other and like what is labeled already (the farthest first, as a
// core set is chosen: Sener and Savarese 2018). Without a head spread alone counts,
// and without embeddings films from all parts of the list.
func (b *Board) Next(ctx context.Context, finding string, n int) ([]int, error) {
	b.mu.RLock()
	f := slices.Index(b.labels.findings, finding)
	if f < 0 {
		b.mu.RUnlock()
		return nil, ErrFinding
	}
	var open, labeled, waiting []int
	for i, v := range b.labels.values[f] {
		switch {
		case b.films[i].embedding == nil && v == None && b.films[i].State == Waiting:
			waiting = append(waiting, i)
		case b.films[i].embedding == nil:
		case v == None:
			open = append(open, i)
		default:
			labeled = append(labeled, i)
		}
	}
	if len(open) == 0 { // nothing is known of films to come but their order
		b.mu.RUnlock()
		return evenly(waiting, n), nil
	}
	l := b.learned[finding]
	vector := func(i int) []float32 { return unit(b.films[i].embedding.Mean(nil)) }
	const seed, candidates, remember = 1, 400, 500 // a few of each tell as much, and take milliseconds
	draw := rand.New(rand.NewPCG(seed, uint64(len(labeled))))
	if l != nil && l.model != nil {
		slices.SortStableFunc(open, func(i, j int) int { return cmp.Compare(l.doubt(j), l.doubt(i)) })
		open = open[:min(len(open), max(n*4, candidates/2))]
	} else {
		draw.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		open = open[:min(len(open), candidates)]
	}
	draw.Shuffle(len(labeled), func(i, j int) { labeled[i], labeled[j] = labeled[j], labeled[i] })
	labeled = labeled[:min(len(labeled), remember)]
	vectors := make([][]float32, len(open))
	for k, i := range open {
		vectors[k] = vector(i)
	}
	known := make([][]float32, len(labeled))
	for k, i := range labeled {
		known[k] = vector(i)
	}
	b.mu.RUnlock()

	nearest := make([]float32, len(open)) // cosine of each to the nearest of those that are known or chosen
	for k := range nearest {
		nearest[k] = -1
		for _, v := range known {
			nearest[k] = max(nearest[k], dot(vectors[k], v))
		}
	}
	var chosen []int
	for range min(n, len(open)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		best := 0
		for k := range nearest {
			if nearest[k] < nearest[best] {
				best = k
			}
		}
		chosen = append(chosen, open[best])
		for k := range nearest {
			nearest[k] = max(nearest[k], dot(vectors[k], vectors[best]))
		}
		nearest[best] = math.MaxFloat32
	}
	return chosen, nil
}

// evenly is n of the films, or all, from the first to the last.
func evenly(films []int, n int) []int {
	n = min(n, len(films))
	some := make([]int, n)
	for k := range some {
		some[k] = films[k*len(films)/n]
	}
	return some
}

// doubt is how near to one half the probability of film i is; the larger the nearer.
func (l *learned) doubt(i int) float64 {
	if i >= len(l.scores) || l.scores[i] == unscored {
		return math.Inf(-1)
	}
	return -math.Abs(float64(l.scores[i]) - 0.5)
}

func dot(a, b []float32) (sum float32) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// unit is v at length 1.
func unit(v []float32) []float32 {
	if length := float32(math.Sqrt(float64(dot(v, v)))); length > 0 {
		for i := range v {
			v[i] /= length
		}
	}
	return v
}
