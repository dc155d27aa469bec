package search

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
	space  cxr.Space
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
		return nil, fmt.Errorf("search: index: no films")
	}
	x := &Index{films: films}
	for i, e := range films {
		if i == 0 && e != nil {
			x.space = e.Space
		}
		if err := e.Check(x.space); err != nil {
			return nil, fmt.Errorf("search: index: film %d: %w", i, err)
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
// with a recipe, which is a film, must otherwise be of the index's space.
func (x *Index) Nearest(ctx context.Context, query *cxr.Embedding, k int) ([]Match, error) {
	if err := query.Validate(); err != nil {
		return nil, fmt.Errorf("search: query: %w", err)
	}
	want := x.space
	if want.Tokens = 1; query.Recipe == "" { // a text: of another model, in the same space
		want = query.Space
		want.Tokens, want.Dim = 1, x.space.Dim
	}
	if err := want.Match(query.Space); err != nil {
		return nil, fmt.Errorf("search: query: %w", err)
	}
	if k < 1 {
		return nil, fmt.Errorf("search: the %d nearest, want at least 1", k)
	}
	k = min(k, len(x.films))
	d := newDirection(query.Values)
	parts := make([][]Match, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range parts {
		wg.Go(func() {
			n := len(x.films)
			parts[w] = x.search(ctx, d, w*n/len(parts), (w+1)*n/len(parts), k)
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

// A direction is a query of length 1, also in float32.
type direction struct {
	exact  []float64
	single []float32
	slack  float64 // error of a cosine by single
}

func newDirection(query []float32) *direction {
	d := &direction{exact: make([]float64, len(query)), single: make([]float32, len(query)), slack: mixed.SingleError(len(query))}
	var squares float64
	for _, v := range query {
		squares += float64(v) * float64(v)
	}
	for j, v := range query {
		if squares > 0 {
			d.exact[j] = float64(v) / math.Sqrt(squares)
		}
		d.single[j] = float32(d.exact[j])
	}
	return d
}

// search finds the best k of the films from..to-1. Float32 is enough to tell
// that most are not among them; the others are looked at again. It looks at the
// context from time to time and may then return anything.
func (x *Index) search(ctx context.Context, d *direction, from, to, k int) []Match {
	var best []Match // sorted
	enough := math.Inf(-1)
	tokens := x.space.Tokens
	film, similarity := from, math.Inf(-1)
	for row := from * tokens; row < to*tokens; row += 4 {
		if (row-from*tokens)&0xfff == 0 && ctx.Err() != nil {
			return best
		}
		var rows [4][]float32
		for i := range rows { // beyond the end the last one again
			rows[i] = x.rows[min(row+i, to*tokens-1)]
		}
		var products [4]float32
		mixed.Dot4Single(&rows, d.single, &products)
		for i := range min(4, to*tokens-row) {
			length := x.length[row+i]
			// Outside of these lengths float32 may overflow or lose its digits.
			sound := length > 1e-15 && length < 1e15
			if about := float64(products[i]) / length; !sound || about >= enough-d.slack {
				similarity = max(similarity, d.cosine(rows[i], length))
			}
			if (row+i+1)%tokens != 0 {
				continue
			}
			if similarity >= enough { // never of a film that was not looked at again
				best = insert(best, Match{At: film, Similarity: similarity}, k)
				if len(best) == k {
					enough = best[k-1].Similarity
				}
			}
			film, similarity = film+1, math.Inf(-1)
		}
	}
	return best
}

// cosine of a row of the given length, in float64.
func (d *direction) cosine(row []float32, length float64) float64 {
	if length == 0 {
		return 0
	}
	var product float64
	for j, v := range row {
		product += float64(float64(v) * d.exact[j])
	}
	return min(max(product/length, -1), 1)
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
