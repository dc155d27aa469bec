package layout

import (
	"context"
	"math"

	"github.com/cxrkit/cxrkit/internal/parallel"
)

// A neighbor is a film and how far away it is.
type neighbor struct {
	film     int32
	distance float32
}

// atOnce is how many films look for their neighbors between two looks at the
// context.
const atOnce = 256

// nearest are the k films of among that are nearest to each of films, by Euclid's
// distance, nearest first, exactly; itself, if that is one of them at the same
// place of the list, is left out.
func nearest(ctx context.Context, films, among [][]float32, k int, same bool) ([][]neighbor, error) {
	squares := make([]float32, len(among))
	for i, row := range among {
		squares[i] = dot(row, row)
	}
	out := make([][]neighbor, len(films))
	for first := 0; first < len(films); first += atOnce {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		parallel.Each(min(atOnce, len(films)-first), func(i int) {
			i += first
			self := -1
			if same {
				self = i
			}
			out[i] = nearestTo(films[i], among, squares, k, self)
		})
	}
	return out, nil
}

func nearestTo(film []float32, among [][]float32, squares []float32, k, self int) []neighbor {
	best := make([]neighbor, 0, k)
	for j, other := range among {
		if j == self {
			continue
		}
		d := squares[j] - 2*dot(film, other) // less the film's own square
		if len(best) == k && d >= best[k-1].distance {
			continue
		}
		if len(best) < k {
			best = append(best, neighbor{})
		}
		at := len(best) - 1
		for ; at > 0 && best[at-1].distance > d; at-- {
			best[at] = best[at-1]
		}
		best[at] = neighbor{int32(j), d}
	}
	own := dot(film, film)
	for i := range best {
		best[i].distance = float32(math.Sqrt(math.Max(0, float64(best[i].distance+own))))
	}
	return best
}
