package board

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head/search"
)

// An Order is in what order which films are shown.
type Order struct {
	By      string // one of those of Orders
	Finding string // for what depends on one
	Film    int    // for "like"
	Show    string // one of those of Shows
	Split   string // only this one; empty: all
}

// Orders are the ways to order films.
func Orders() []string {
	return []string{"list", "finding", "split", "score", "doubt", "like", "next", "mislabeled", "copies"}
}

// Shows are the films that can be shown alone.
func Shows() []string {
	return []string{"all", "unlabeled", "labeled", "present", "absent", "unsure", "failed"}
}

// ErrNoScores is of an order by scores of which there are none.
var ErrNoScores = errors.New("there are no scores yet: label some films first")

// Order is the films to show, in order.
func (b *Board) Order(ctx context.Context, o Order) ([]int, error) {
	show, err := b.shows(o)
	if err != nil {
		return nil, err
	}
	switch o.By {
	case "", "list", "finding", "split", "score", "doubt":
		return b.arrange(o, show)
	case "like":
		return b.like(ctx, o.Film, show)
	case "next":
		return b.Next(ctx, o.Finding, nextFilms)
	case "mislabeled":
		suspects, err := b.Mislabeled(o.Finding)
		var films []int
		for _, s := range suspects {
			films = append(films, s.Film)
		}
		return films, err
	case "copies":
		var films []int
		for _, pair := range b.Copies() {
			films = append(films, pair.Films[0], pair.Films[1])
		}
		return films, nil
	}
	return nil, fmt.Errorf("order %q, want one of %q", o.By, Orders())
}

// shows is whether a film is to be shown; b.mu is held when it is called.
func (b *Board) shows(o Order) (func(i int) bool, error) {
	b.mu.RLock()
	f := slices.Index(b.labels.findings, o.Finding)
	b.mu.RUnlock()
	if o.Finding != "" && f < 0 {
		return nil, ErrFinding
	}
	value := func(i int) Value {
		if f < 0 {
			return None
		}
		return b.labels.values[f][i]
	}
	var kind func(i int) bool
	switch o.Show {
	case "", "all":
		kind = func(int) bool { return true }
	case "unlabeled":
		kind = func(i int) bool { return value(i) == None }
	case "labeled":
		kind = func(i int) bool { return value(i) != None }
	case "present":
		kind = func(i int) bool { return value(i) == Present }
	case "absent":
		kind = func(i int) bool { return value(i) == Absent }
	case "unsure":
		kind = func(i int) bool { return value(i) == Unsure }
	case "failed":
		kind = func(i int) bool { return b.films[i].State == Failed || b.films[i].State == Shown }
	default:
		return nil, fmt.Errorf("show %q, want one of %q", o.Show, Shows())
	}
	return func(i int) bool { return kind(i) && (o.Split == "" || b.films[i].Split == o.Split) }, nil
}

func (b *Board) arrange(o Order, show func(i int) bool) ([]int, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	films := b.all(show)
	l := b.learned[o.Finding]
	score := func(i int) float64 { // films without one come last
		if i >= len(l.shown) || l.shown[i] == unscored {
			return math.Inf(-1)
		}
		return float64(l.shown[i])
	}
	switch o.By {
	case "split":
		slices.SortStableFunc(films, func(i, j int) int { return cmp.Compare(b.films[i].Split, b.films[j].Split) })
	case "finding":
		f := slices.Index(b.labels.findings, o.Finding)
		if f < 0 {
			return nil, ErrFinding
		}
		rank := [...]int{None: 3, Absent: 2, Present: 0, Unsure: 1}
		slices.SortStableFunc(films, func(i, j int) int {
			return cmp.Compare(rank[b.labels.values[f][i]], rank[b.labels.values[f][j]])
		})
	case "score", "doubt":
		if l == nil || l.model == nil {
			return nil, ErrNoScores
		}
		key := score
		if o.By == "doubt" {
			key = func(i int) float64 { return -math.Abs(score(i) - 0.5) }
		}
		slices.SortStableFunc(films, func(i, j int) int { return cmp.Compare(key(j), key(i)) })
	}
	return films, nil
}

// all is the films to be shown, as they are listed.
func (b *Board) all(show func(i int) bool) []int {
	films := make([]int, 0, len(b.films))
	for i := range b.films {
		if show(i) {
			films = append(films, i)
		}
	}
	return films
}

// like is the films with an embedding, the most similar to film i first.
func (b *Board) like(ctx context.Context, i int, show func(i int) bool) ([]int, error) {
	b.mu.RLock()
	if i < 0 || i >= len(b.films) {
		b.mu.RUnlock()
		return nil, ErrNoFilm
	}
	query := b.films[i].embedding
	films := b.all(func(k int) bool { return b.films[k].embedding != nil && (k == i || show(k)) })
	embeddings := make([]*cxr.Embedding, len(films))
	for k, film := range films {
		embeddings[k] = b.films[film].embedding
	}
	b.mu.RUnlock()
	if query == nil {
		return nil, errors.New("this film has no embedding yet")
	}
	index, err := search.NewIndex(embeddings)
	if err != nil {
		return nil, err
	}
	if query.Tokens != 1 { // one token asks: the mean
		mean := *query
		mean.Tokens, mean.Values, mean.Recipe = 1, query.Mean(nil), ""
		query = &mean
	}
	const most = 2000 // who looks for likeness does not look further
	matches, err := index.Nearest(ctx, query, min(most, len(films)))
	if err != nil {
		return nil, err
	}
	ordered := make([]int, len(matches))
	for k, m := range matches {
		ordered[k] = films[m.At]
	}
	return ordered, nil
}

// Scores are the probabilities of a finding by film, below 0 where there is none: of
// labeled films by heads that had not seen them, once there are such.
func (b *Board) Scores(finding string) ([]float32, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	l := b.learned[finding]
	if l == nil || l.model == nil {
		return nil, ErrNoScores
	}
	scores := slices.Clone(l.shown)
	for len(scores) < len(b.films) {
		scores = append(scores, unscored)
	}
	return scores, nil
}
