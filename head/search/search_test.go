package search_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head/search"
)

func tokens(dim int, values ...float32) *cxr.Embedding {
	return &cxr.Embedding{Space: cxr.Space{Model: "m", Recipe: "standard/1", Tokens: len(values) / dim, Dim: dim}, Values: values}
}

func text(values ...float32) *cxr.Embedding {
	return &cxr.Embedding{Space: cxr.Space{Model: "m", Tokens: 1, Dim: len(values)}, Values: values}
}

func TestSimilarityIsTheLargestCosine(t *testing.T) {
	tests := map[string]struct {
		film, text *cxr.Embedding
		want       float64
	}{
		"the same direction":       {tokens(2, 3, 4), text(6, 8), 1},
		"opposite":                 {tokens(2, 3, 4), text(-3, -4), -1},
		"the better of two tokens": {tokens(2, -1, 0, 3, 4), text(1, 0), 0.6},
		"a token without length":   {tokens(2, 0, 0, -1, 0), text(1, 0), 0},
		"huge values":              {tokens(2, 3e38, 0), text(3e38, 0), 1},
	}
	for name, test := range tests {
		if got, err := search.Similarity(test.film, test.text); err != nil || math.Abs(got-test.want) > 1e-15 {
			t.Errorf("%s: %v (%v), want %v", name, got, err, test.want)
		}
	}
	if _, err := search.Similarity(tokens(2, 1, 0), text(1, 0, 0)); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("other dimensions: %v", err)
	}
	if _, err := search.Similarity(tokens(2, 1, 0), tokens(2, 1, 0, 0, 1)); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("a text of two tokens: %v", err)
	}
}

// The mean similarity to the phrases for a finding less that to the phrases against
// it; of one phrase each, the score of Google's notebooks.
func TestZeroShot(t *testing.T) {
	film := tokens(2, 3, 4, 1, 0)
	got, err := search.ZeroShot(film, []*cxr.Embedding{text(0, 1)}, []*cxr.Embedding{text(-1, 0), text(0, -1)})
	// 0.8 for; against it -0.6 and 0, the mean of which is -0.3.
	if err != nil || math.Abs(got-1.1) > 1e-15 {
		t.Errorf("%v (%v), want 1.1", got, err)
	}
	if _, err := search.ZeroShot(film, nil, []*cxr.Embedding{text(1, 0)}); err == nil {
		t.Error("no phrase for it was taken")
	}
}

// library is n random films with copies among them, to have ties.
func library(n, tokens, dim int) []*cxr.Embedding {
	rng := rand.New(rand.NewPCG(6, 6))
	films := make([]*cxr.Embedding, n)
	for i := range films {
		e := &cxr.Embedding{ID: fmt.Sprint("film", i), Space: cxr.Space{Model: "m", Recipe: "standard/1", Tokens: tokens, Dim: dim}}
		for range tokens * dim {
			e.Values = append(e.Values, float32(rng.NormFloat64()))
		}
		if i%10 == 3 {
			e.Values = films[i-1].Values
		}
		films[i] = e
	}
	return films
}

func TestNearestIsExact(t *testing.T) {
	for _, test := range []struct{ films, tokens, dim, k int }{
		{1, 1, 5, 3}, {7, 1, 3, 7}, {1000, 1, 17, 12}, {333, 3, 8, 5}, {1030, 4, 6, 40},
	} {
		films := library(test.films, test.tokens, test.dim)
		index, err := search.NewIndex(films)
		if err != nil {
			t.Fatal(err)
		}
		query := text(library(1, 1, test.dim)[0].Values...)
		got, err := index.Nearest(t.Context(), query, test.k)
		if err != nil {
			t.Fatal(err)
		}
		type hit struct {
			at         int
			similarity float64
		}
		var want []hit
		for i, f := range films {
			s, err := search.Similarity(f, query)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, hit{i, s})
		}
		slices.SortStableFunc(want, func(a, b hit) int {
			if a.similarity > b.similarity+1e-12 {
				return -1
			} else if b.similarity > a.similarity+1e-12 {
				return 1
			}
			return a.at - b.at
		})
		if len(got) != min(test.k, test.films) {
			t.Fatalf("%+v: %d matches", test, len(got))
		}
		for i, m := range got {
			if m.At != want[i].at || m.ID != films[m.At].ID || math.Abs(m.Similarity-want[i].similarity) > 1e-12 {
				t.Errorf("%+v: match %d is %+v, want %+v", test, i, m, want[i])
			}
		}
	}
}

func TestNearestRefuses(t *testing.T) {
	if _, err := search.NewIndex(nil); err == nil {
		t.Error("an index of nothing")
	}
	if _, err := search.NewIndex([]*cxr.Embedding{tokens(2, 1, 2), tokens(2, 1, 2, 3, 4)}); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("films of two shapes: %v", err)
	}
	if _, err := search.NewIndex([]*cxr.Embedding{tokens(2, 1, float32(math.NaN()))}); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("NaN: %v", err)
	}
	index, err := search.NewIndex(library(20, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	foreign := tokens(2, 1, 0)
	foreign.Model = "other"
	for name, query := range map[string]*cxr.Embedding{
		"a film of another model": foreign, "another dimension": text(1, 2, 3), "two tokens": tokens(2, 1, 2, 3, 4),
	} {
		if _, err := index.Nearest(t.Context(), query, 1); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := index.Nearest(t.Context(), text(1, 0), 0); err == nil {
		t.Error("the 0 nearest")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := index.Nearest(ctx, text(1, 0), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

func BenchmarkNearest(b *testing.B) {
	const films, dim = 20000, 1376
	index, err := search.NewIndex(library(films, 1, dim))
	if err != nil {
		b.Fatal(err)
	}
	query := text(library(1, 1, dim)[0].Values...)
	b.SetBytes(films * dim * 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := index.Nearest(b.Context(), query, 10); err != nil {
			b.Fatal(err)
		}
	}
}
