// Package embedtest tests implementations of [embed.Embedder]. Call
// [TestEmbedder] from a test of the implementation; run it under the race
// detector too.
package embedtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// sameWithin is how far two embeddings of one film may lie apart when it was
// embedded among others, as a share of the embedding's largest value: batches
// may be summed in another order.
const sameWithin = 1e-5

// TestEmbedder checks order, number, shape and finiteness of results, that
// they name film and space, that they are the same every time, alone
// and among others, from one goroutine and from eight, that different films
// differ, that inputs are left as they were, that a bad film fails alone, that
// no films give no results, and that an ended context ends the call.
//
// open is called once for each check; an embedder that needs closing is closed
// by open's own t.Cleanup.
func TestEmbedder(t *testing.T, open func(testing.TB) embed.Embedder) {
	checks := []struct {
		name  string
		check func(*testing.T, embed.Embedder)
	}{
		{"one result for each film in order", inOrder},
		{"same film same result", deterministic},
		{"different films differ", distinct},
		{"films of any size and depth", shapes},
		{"no films no results", empty},
		{"inputs unchanged", unchanged},
		{"a bad film fails alone", badAlone},
		{"a film of another recipe is refused", otherRecipe},
		{"an ended context ends the call", canceled},
		{"eight goroutines at once", concurrent},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

// Film makes a smooth random film of the recipe that a space names. The
// same seed gives the same film.
func Film(s cxr.Space, seed uint64, width, height, depth int) *cxr.Image {
	rng := rand.New(rand.NewPCG(seed, 1))
	im := &cxr.Image{
		ID: fmt.Sprintf("film%d", seed), Width: width, Height: height, Depth: depth,
		Pix: make([]uint16, width*height), View: cxr.ViewPA, Recipe: s.Recipe,
	}
	fx, fy, phase := 1+4*rng.Float64(), 1+4*rng.Float64(), 6*rng.Float64()
	for i := range im.Pix {
		x, y := float64(i%width)/float64(width), float64(i/width)/float64(height)
		v := 0.5 + 0.35*math.Sin(fx*6*x+phase)*math.Cos(fy*6*y) + 0.05*(2*rng.Float64()-1)
		im.Pix[i] = uint16(v * float64(im.Max()))
	}
	return im
}

func someFilms(s cxr.Space, n int) []*cxr.Image {
	films := make([]*cxr.Image, n)
	for i := range films {
		films[i] = Film(s, uint64(i), 160, 140, 16)
	}
	return films
}

func mustEmbed(t *testing.T, e embed.Embedder, films ...*cxr.Image) []*cxr.Embedding {
	t.Helper()
	got, err := e.Embed(t.Context(), films...)
	if err != nil {
		t.Fatalf("Embed: %v", err)
	}
	if len(got) != len(films) {
		t.Fatalf("%d results for %d films", len(got), len(films))
	}
	return got
}

func inOrder(t *testing.T, e embed.Embedder) {
	s := e.Space()
	if s.Model == "" || s.Tokens <= 0 || s.Dim <= 0 {
		t.Fatalf("space %q", s)
	}
	films := someFilms(s, 5)
	for i, v := range mustEmbed(t, e, films...) {
		if err := v.Validate(); err != nil {
			t.Fatalf("result %d: %v", i, err)
		}
		if err := s.For(films[i]).Match(v.Space); err != nil || v.ID != films[i].ID {
			t.Errorf("result %d is of film %q, want %q; its space: %v", i, v.ID, films[i].ID, err)
		}
		alone := mustEmbed(t, e, films[i])[0]
		if d := distance(v, alone); d > sameWithin {
			t.Errorf("result %d among others lies %.2g of its size from the one alone", i, d)
		}
	}
}

func deterministic(t *testing.T, e embed.Embedder) {
	film := Film(e.Space(), 3, 120, 150, 16)
	first := mustEmbed(t, e, film)[0]
	for range 3 {
		if again := mustEmbed(t, e, film)[0]; !reflect.DeepEqual(again, first) {
			t.Fatalf("the same film gave other values: %.2g of their size apart", distance(again, first))
		}
	}
}

func distinct(t *testing.T, e embed.Embedder) {
	got := mustEmbed(t, e, someFilms(e.Space(), 2)...)
	if d := distance(got[0], got[1]); d < 100*sameWithin {
		t.Errorf("two films that differ lie %.2g apart", d)
	}
}

func shapes(t *testing.T, e embed.Embedder) {
	for i, s := range [][3]int{{1, 1, 16}, {7, 300, 8}, {300, 7, 16}, {513, 479, 8}} {
		v := mustEmbed(t, e, Film(e.Space(), uint64(i), s[0], s[1], s[2]))[0]
		if err := v.Validate(); err != nil {
			t.Errorf("film of %d x %d, %d bits: %v", s[0], s[1], s[2], err)
		}
	}
	constant := Film(e.Space(), 9, 50, 50, 16)
	clear(constant.Pix)
	if err := mustEmbed(t, e, constant)[0].Validate(); err != nil {
		t.Errorf("black film: %v", err)
	}
}

func empty(t *testing.T, e embed.Embedder) {
	if got, err := e.Embed(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("no films gave %d results, error %v", len(got), err)
	}
}

func unchanged(t *testing.T, e embed.Embedder) {
	films := someFilms(e.Space(), 2)
	got := mustEmbed(t, e, films...)
	if !reflect.DeepEqual(films, someFilms(e.Space(), 2)) {
		t.Error("Embed changed its films")
	}
	first := append([]float32(nil), got[0].Values...)
	clear(films[0].Pix)
	mustEmbed(t, e, films...)
	if !reflect.DeepEqual(first, got[0].Values) {
		t.Error("a later call changed an earlier result")
	}
}

func badAlone(t *testing.T, e embed.Embedder) {
	films := someFilms(e.Space(), 3)
	films[1].Pix = films[1].Pix[1:]
	got, err := e.Embed(t.Context(), films...)
	var batch *embed.BatchError
	if !errors.As(err, &batch) || !errors.Is(err, cxr.ErrImage) || len(batch.Errors) != 3 || len(got) != 3 {
		t.Fatalf("%d results, error %v; want 3 and a BatchError of 3 that is cxr.ErrImage", len(got), err)
	}
	for i := range films {
		if (got[i] == nil) != (i == 1) || (batch.Errors[i] != nil) != (i == 1) {
			t.Errorf("film %d: result %v, error %v", i, got[i] != nil, batch.Errors[i])
		}
	}
}

func otherRecipe(t *testing.T, e embed.Embedder) {
	if e.Space().Recipe == "" {
		t.Skip("the model takes films of any recipe")
	}
	film := Film(e.Space(), 1, 64, 64, 16)
	film.Recipe = "another/1"
	if _, err := e.Embed(t.Context(), film); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("error %v, want cxr.ErrMismatch", err)
	}
}

func canceled(t *testing.T, e embed.Embedder) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := e.Embed(ctx, someFilms(e.Space(), 2)...)
	if !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("%d results, error %v; want none and context.Canceled", len(got), err)
	}
	mustEmbed(t, e, someFilms(e.Space(), 1)...) // the embedder survives
}

func concurrent(t *testing.T, e embed.Embedder) {
	films := someFilms(e.Space(), 4)
	want := mustEmbed(t, e, films...)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range films {
				at := (i + g) % len(films)
				got, err := e.Embed(t.Context(), films[at], films[g%4])
				if err != nil {
					t.Errorf("goroutine %d: %v", g, err)
					return
				}
				if d := distance(got[0], want[at]); d > sameWithin {
					t.Errorf("goroutine %d, film %d: %.2g of its size from the value alone", g, at, d)
				}
			}
		})
	}
	group.Wait()
}

// distance is the largest difference over the largest value.
func distance(a, b *cxr.Embedding) float64 {
	if len(a.Values) != len(b.Values) {
		return math.Inf(1)
	}
	var diff, size float64
	for i := range a.Values {
		diff = max(diff, math.Abs(float64(a.Values[i]-b.Values[i])))
		size = max(size, math.Abs(float64(a.Values[i])), math.Abs(float64(b.Values[i])))
	}
	if size == 0 {
		return 0
	}
	return diff / size
}
