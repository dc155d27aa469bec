package board

import (
	"context"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/maps"
	"github.com/cxrkit/cxrkit/head"
)

// covered is how many parts a film is covered in along each side.
const covered = 8

// A ScoreMap is where the score of a finding comes from: log odds.
type ScoreMap struct {
	Grid   *maps.Grid
	Chance *maps.Grid // of a head that learned from shuffled labels
	Exact  bool       // places add up to the score; else by how much it falls if they are covered
}

// ScoreMap is that of film i and a finding. It takes seconds where the film has to
// be covered part by part.
func (b *Board) ScoreMap(ctx context.Context, i int, finding string) (*ScoreMap, error) {
	b.mu.RLock()
	l := b.learned[finding]
	b.mu.RUnlock()
	if l == nil || l.model == nil {
		return nil, ErrNoScores
	}
	e := b.encoder()
	if e == nil {
		return nil, ErrNoModel
	}
	m, err := b.ByRecipe(ctx, i, e)
	if err != nil {
		return nil, err
	}
	chance, err := head.Linear{}.Fit(ctx, l.from.data.Shuffled(1), nil)
	if err != nil {
		return nil, err
	}
	if places, ok := e.(interface {
		Grid(m *cxr.Image, values []float64) (*maps.Grid, error)
	}); ok && e.Space().Tokens > 1 {
		return exactMap(ctx, e, places.Grid, m, l.model, chance)
	}
	return coveredMap(ctx, e, m, l.model, chance)
}

// exactMap is of an encoder whose tokens are places.
func exactMap(ctx context.Context, e embed.Embedder, grid func(*cxr.Image, []float64) (*maps.Grid, error), m *cxr.Image, model, chance *head.Model) (*ScoreMap, error) {
	embedded, err := e.Embed(ctx, m)
	if err != nil {
		return nil, err
	}
	s := &ScoreMap{Exact: true}
	for part, model := range map[**maps.Grid]*head.Model{&s.Grid: model, &s.Chance: chance} {
		shares, err := model.Shares(embedded[0])
		if err != nil {
			return nil, err
		}
		if *part, err = grid(m, shares[0]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// coveredMap is of any encoder. Both heads judge the same embeddings.
func coveredMap(ctx context.Context, e embed.Embedder, m *cxr.Image, model, chance *head.Model) (*ScoreMap, error) {
	var other []float64 // of the whole film, and of it covered
	grid, err := maps.Occlude(ctx, e, m, covered, func(v *cxr.Embedding) (float64, error) {
		_, odds, err := chance.Scores(v)
		if err != nil {
			return 0, err
		}
		other = append(other, odds[0])
		if _, odds, err = model.Scores(v); err != nil {
			return 0, err
		}
		return odds[0], nil
	})
	if err != nil {
		return nil, err
	}
	beside := *grid
	beside.Values = nil
	for _, odds := range other[1:] {
		beside.Values = append(beside.Values, other[0]-odds)
	}
	return &ScoreMap{Grid: grid, Chance: &beside}, nil
}
