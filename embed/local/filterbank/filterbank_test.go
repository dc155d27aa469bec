package filterbank_test

import (
	"testing"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local/filterbank"
)

// It also guards the module versions: Gorgonia panics when a program starts
// unless go.mod requires assume-no-moving-gc of 2023 or later.
func TestEmbedder(t *testing.T) {
	embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder {
		e, err := filterbank.New()
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}

// Exposure must not show: a film at half the gain and with another offset is
// the same film.
func TestExposureDoesNotMatter(t *testing.T) {
	e, err := filterbank.New()
	if err != nil {
		t.Fatal(err)
	}
	film := embedtest.Film(e.Model(), 1, 192, 192, 16)
	dim := *film
	dim.Pix = make([]uint16, len(film.Pix))
	for i, v := range film.Pix {
		dim.Pix[i] = 2000 + v/2
	}
	got, err := e.Embed(t.Context(), film, &dim)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got[0].Values {
		if d := v - got[1].Values[i]; d > 1e-3 || d < -1e-3 {
			t.Fatalf("value %d is %v, at half the exposure %v", i, v, got[1].Values[i])
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	e, err := filterbank.New()
	if err != nil {
		b.Fatal(err)
	}
	film := embedtest.Film(e.Model(), 1, 512, 512, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), film); err != nil {
			b.Fatal(err)
		}
	}
}
