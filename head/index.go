package head

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/mixed"
)

// An Index finds the films that are nearest to a film or a text, exactly: it
// looks at every one, at the speed at which memory can be read. It keeps the
// embeddings and needs 8 bytes more for each token. It is safe for concurrent
// use.
type Index struct {
	in     Input
	films  []*cxr.Embedding
	rows   [][]float32 // tokens of all films
	length []float64   // of each row
}

// A Match is a film that was found.
type Match struct {
	ID         string
	At         int     // place among the embeddings of the Index
	Similarity float64 // cosine, -1..1
}

// NewIndex makes an index of embeddings of one model, recipe and shape, which
// must not change afterwards.
func NewIndex(films []*cxr.Embedding) (*Index, error) {
	if len(films) == 0 {
		return nil, fmt.Errorf("head: index: no films")
	}
	x := &Index{films: films}
	for i, e := range films {
		if i == 0 && e != nil {
			x.in = InputOf(e)
		}
		if err := x.in.Check(e); err != nil {
			return nil, fmt.Errorf("head: index: film %d: %w", i, err)
		}
		for t := range e.Tokens {
			row := e.Token(t)
			var squares float64
			for _, v := range row {
				squares += float64(v) * float64(v)
			}
			x.rows, x.length = append(x.rows, row), append(x.length, math.Sqrt(squares))
		}
	}
	return x, nil
}

// Len is the number of films.
func (x *Index) Len() int { return len(x.films) }

// Nearest gives the k films (or all, if there are fewer) with the largest
// cosine to the query, best first, equal ones in their order in the index. The
// query has one token; of a film of several tokens the nearest counts. A query
// with a recipe, which is a film, must be of the index's model and recipe.
func (x *Index) Nearest(ctx context.Context, query *cxr.Embedding, k int) ([]Match, error) {
	if err := query.Validate(); err != nil {
		return nil, fmt.Errorf("head: query: %w", err)
	}
	if query.Tokens != 1 || query.Dim != x.in.Dim || query.Recipe != "" && (query.Recipe != x.in.Recipe || query.Model != x.in.Model) {
		return nil, fmt.Errorf("head: %w: query is %v, the index holds %v", cxr.ErrMismatch, InputOf(query), x.in)
	}
	if k < 1 {
		return nil, fmt.Errorf("head: the %d nearest, want at least 1", k)
	}
	k = min(k, len(x.films))
	direction := make([]float64, query.Dim)
	var squares float64
	for j, v := range query.Values {
		direction[j] = float64(v)
		squares += direction[j] * direction[j]
	}
	if squares > 0 {
		for j := range direction {
			direction[j] /= math.Sqrt(squares)
		}
	}
	parts := make([][]Match, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range parts {
		wg.Go(func() {
			n := len(x.films)
			parts[w] = x.search(ctx, direction, w*n/len(parts), (w+1)*n/len(parts), k)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	best := slices.Concat(parts...)
	slices.SortFunc(best, byMatch)
	best = best[:k:k]
	for i, m := range best {
		best[i].ID = x.films[m.At].ID
	}
	return best, nil
}

// byMatch puts better matches first.
func byMatch(a, b Match) int {
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.At, b.At))
}

// search finds the best k of the films from..to-1. It looks at the context from
// time to time and may then return anything.
func (x *Index) search(ctx context.Context, direction []float64, from, to, k int) []Match {
	var best []Match // sorted
	tokens := x.in.Tokens
	film, similarity := from, math.Inf(-1)
	for row := from * tokens; row < to*tokens; row += 4 {
		if (row-from*tokens)&0xfff == 0 && ctx.Err() != nil {
			return best
		}
		var rows [4][]float32
		for i := range rows { // beyond the end the last one again
			rows[i] = x.rows[min(row+i, to*tokens-1)]
		}
		var products [4]float64
		mixed.Dot4(&rows, direction, &products)
		for i := range min(4, to*tokens-row) {
			if length := x.length[row+i]; length > 0 {
				similarity = max(similarity, products[i]/length)
			} else {
				similarity = max(similarity, 0)
			}
			if (row+i+1)%tokens == 0 {
				best = insert(best, Match{At: film, Similarity: min(max(similarity, -1), 1)}, k)
				film, similarity = film+1, math.Inf(-1)
			}
		}
	}
	return best
}

// insert puts a match in its place among the best k.
func insert(best []Match, m Match, k int) []Match {
	if len(best) == k && byMatch(m, best[k-1]) > 0 {
		return best
	}
	at, _ := slices.BinarySearchFunc(best, m, byMatch)
	if len(best) == k {
		best = best[:k-1]
	}
	return slices.Insert(best, at, m)
}
