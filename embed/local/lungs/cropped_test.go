package lungs_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

func cropped(t testing.TB, margin float64) *lungs.Cropped {
	t.Helper()
	f, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Crop(pixels.Embedder{}, margin)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCropped(t *testing.T) {
	embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder { return cropped(t, 0.1) })
}

// What another embedder sees is the cut film, and the space says so.
func TestCroppedIsOfTheCutFilm(t *testing.T) {
	c, m := cropped(t, 0.1), drawn.Chest(160, 160, nil)
	got, err := c.Embed(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	f, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := f.Find(t.Context(), m)
	if err != nil || !l.Found {
		t.Fatal(l, err)
	}
	want, err := pixels.Embedder{}.Embed(t.Context(), l.Cut(m, 0.1))
	if err != nil || !slices.Equal(got[0].Values, want[0].Values) {
		t.Errorf("not the cut film's (%v)", err)
	}
	if a, b := c.Space().Digest, cropped(t, 0.2).Space().Digest; a == b || a == (pixels.Embedder{}).Space().Digest {
		t.Error("the digest does not tell the margin")
	}
	if _, err := f.Crop(pixels.Embedder{}, 2); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("a margin of 2: %v", err)
	}
}
