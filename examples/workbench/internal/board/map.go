package board

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/layout"
)

// Places are where films lie on the map of their embeddings.
type Places struct {
	Version uint64 // changes with the places
	Method  string // "principal components" or "UMAP"; "": there are none yet
	Running bool
	Done    float64 // of UMAP, 0..1
	Films   []int32
	At      []layout.Place // of Films
	Sample  int            // films that UMAP lays out; others are put between these
	Problem string
}

// mapped is the Places of now, and what makes others.
type mapped struct {
	mu   sync.Mutex
	now  Places
	stop context.CancelFunc // of the layout under way
	turn int                // how many layouts were begun: what an older one has to say does not count
}

// Places are those of now.
func (b *Board) Places() Places {
	m := &b.looks.mapped
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// LayOut lays out the films that have an embedding, in the background: at once by
// principal components, and then by UMAP. One under way ends.
func (b *Board) LayOut() {
	ctx, stop := context.WithCancel(b.about)
	m := &b.looks.mapped
	m.mu.Lock()
	if m.stop != nil {
		m.stop()
	}
	m.turn++
	turn := m.turn
	m.stop, m.now.Running, m.now.Problem = stop, true, ""
	m.mu.Unlock()
	b.work.Go(func() {
		defer stop()
		b.layOut(ctx, func(change func(p *Places)) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.turn == turn {
				change(&m.now)
			}
		})
	})
}

// StopLayout ends a layout under way. The places that it has come to stay.
func (b *Board) StopLayout() {
	m := &b.looks.mapped
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil {
		m.stop()
	}
	m.turn++
	m.now.Running = false
}

func (b *Board) layOut(ctx context.Context, tell func(func(*Places))) {
	films, rows := b.features()
	place := func(method string, done float64, at []layout.Place) {
		tell(func(p *Places) {
			p.Version++
			p.Method, p.Done, p.Films, p.At, p.Sample = method, done, films, at, min(len(films), layout.Most)
		})
	}
	err := error(nil)
	if len(films) > 0 {
		var at []layout.Place
		if at, err = layout.Plane(ctx, rows); err == nil {
			place("principal components", 1, at)
			at, err = layout.UMAP(ctx, rows, &layout.Options{Step: func(done float64, at []layout.Place) { place("UMAP", done, at) }})
		}
		if err == nil {
			place("UMAP", 1, at)
		}
	}
	tell(func(p *Places) {
		p.Running = false
		if err != nil && ctx.Err() == nil {
			p.Problem = err.Error()
		}
	})
}

// features are the films that have an embedding, with the mean of their tokens.
func (b *Board) features() (films []int32, rows [][]float32) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for i := range b.films {
		if e := b.films[i].embedding; e != nil {
			films, rows = append(films, int32(i)), append(rows, e.Mean(nil))
		}
	}
	return films, rows
}

// NoShade is of a film of which nothing is known.
const NoShade = 255

// Shades are by what films can be colored: one number for each film.
type Shades struct {
	Of        []uint8
	Names     []string // of the numbers; none: they are from low, 0, to high, 254
	Low, High string
	None      string // what NoShade is
}

// ShadesBy are the films by "label", "score" or "doubt" of a finding, or by "split".
func (b *Board) ShadesBy(by, finding string) (*Shades, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := &Shades{Of: slices.Repeat([]uint8{NoShade}, len(b.films))}
	switch by {
	case "split":
		s.None = "no split"
		b.shadeSplits(s)
		return s, nil
	case "label":
		f := slices.Index(b.labels.findings, finding)
		s.Names, s.None = []string{"absent", "present", "unsure"}, "not labeled"
		for i := range s.Of {
			if f >= 0 && b.labels.values[f][i] != None {
				s.Of[i] = map[Value]uint8{Absent: 0, Present: 1, Unsure: 2}[b.labels.values[f][i]]
			}
		}
		return s, nil
	case "score", "doubt":
		s.None = "no score"
		s.Low, s.High = "absent", "present"
		if by == "doubt" {
			s.Low, s.High = "sure", "in doubt"
		}
		l := b.learned[finding]
		if l == nil || l.model == nil {
			return nil, ErrNoScores
		}
		for i := range min(len(s.Of), len(l.scores)) {
			p := float64(l.scores[i])
			if l.scores[i] == unscored {
				continue
			}
			if by == "doubt" {
				p = 1 - 2*math.Abs(p-0.5)
			}
			s.Of[i] = uint8(math.Round(p * (NoShade - 1)))
		}
		return s, nil
	}
	return nil, fmt.Errorf("films are colored by label, score, doubt or split, not by %q", by)
}

// shadeSplits numbers the splits, as many as there are numbers for, the most
// frequent first.
func (b *Board) shadeSplits(s *Shades) {
	count := map[string]int{}
	for i := range b.films {
		if split := b.films[i].Split; split != "" {
			count[split]++
		}
	}
	for split := range count {
		s.Names = append(s.Names, split)
	}
	slices.SortFunc(s.Names, func(x, y string) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y)) })
	s.Names = s.Names[:min(len(s.Names), NoShade)]
	for i := range b.films {
		if k := slices.Index(s.Names, b.films[i].Split); k >= 0 {
			s.Of[i] = uint8(k)
		}
	}
}
