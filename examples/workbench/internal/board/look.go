package board

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/local/mini"
)

// looks is what only looking at a film needs. It is opened when it is first needed.
type looks struct {
	once   sync.Once
	finder *lungs.Finder
	err    error

	mu    sync.Mutex
	model embed.Embedder // nil: not open

	mapped mapped
}

// use says by what films are embedded.
func (l *looks) use(e embed.Embedder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.model = e
}

// encoder is by what films are embedded; nil: nothing, or not yet.
func (b *Board) encoder() embed.Embedder {
	b.looks.mu.Lock()
	defer b.looks.mu.Unlock()
	return b.looks.model
}

func (l *looks) open() (*lungs.Finder, error) {
	l.once.Do(func() { l.finder, l.err = lungs.Open(nil) })
	return l.finder, l.err
}

// ErrNoModel is of what needs an encoder while there is none.
var ErrNoModel = errors.New("there is no encoder: none was chosen, or it is being opened")

// Lungs are those of film i.
func (b *Board) Lungs(ctx context.Context, i int) (*lungs.Lungs, error) {
	m, err := b.Read(ctx, i, nil)
	if err != nil {
		return nil, err
	}
	finder, err := b.looks.open()
	if err != nil {
		return nil, err
	}
	return finder.Find(ctx, m)
}

// Seen is what the encoder gets of a film.
type Seen struct {
	PNG           []byte
	Width, Height int
	Part          [4]float64 // left, top, right and bottom of what it sees, in shares of the film
	Said          string     // how it was made, in a sentence
}

// Seen is what the encoder gets of film i.
func (b *Board) Seen(ctx context.Context, i int) (*Seen, error) {
	e := b.encoder()
	if e == nil {
		return nil, ErrNoModel
	}
	m, err := b.ByRecipe(ctx, i, e)
	if err != nil {
		return nil, err
	}
	s := &Seen{Part: [4]float64{0, 0, 1, 1}, Said: "By the recipe " + m.Recipe}
	if _, cuts := e.(*mini.Encoder); cuts {
		finder, err := b.looks.open()
		if err != nil {
			return nil, err
		}
		l, err := finder.Locate(ctx, m)
		if err != nil {
			return nil, err
		}
		s.Said += ", all of it, because no lungs were found"
		if l.Found {
			part := l.Margin(mini.Margin)
			w, h := float64(m.Width), float64(m.Height)
			s.Part = [4]float64{float64(part.Min.X) / w, float64(part.Min.Y) / h, float64(part.Max.X) / w, float64(part.Max.Y) / h}
			s.Said = fmt.Sprintf("By the recipe %s, cut to the lungs with a margin of %.0f %%", m.Recipe, 100*mini.Margin)
		}
		m = l.Cut(m, mini.Margin)
	}
	if p, ok := e.(interface{ Preprocess() local.Preprocess }); ok && p.Preprocess().Width > 0 {
		pre := p.Preprocess()
		if pre.Fit == local.FitStretch {
			m = m.Resize(pre.Width, pre.Height, cxr.KernelBilinear)
		} else {
			m = m.Fit(max(pre.Width, pre.Height), cxr.KernelBilinear)
			s.Said += fmt.Sprintf("; the network also cuts or pads it (%s)", pre.Fit)
		}
		s.Said += fmt.Sprintf("; at %d x %d pixels, as the network has them", pre.Width, pre.Height)
	}
	s.PNG, s.Width, s.Height = m.PNG(), m.Width, m.Height
	return s, nil
}

// ByRecipe is film i as an encoder wants it.
func (b *Board) ByRecipe(ctx context.Context, i int, e embed.Embedder) (*cxr.Image, error) {
	return b.Read(ctx, i, &dicomconv.Options{Views: dicomconv.ViewsAny, Recipe: e.Space().Recipe})
}
