package maps_test

import (
	"errors"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/maps"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

func TestDraw(t *testing.T) {
	m := drawn.Film(100, 60, func(x, y int) int { return 128 })
	g := &maps.Grid{Columns: 2, Rows: 1, Values: []float64{2, -1}, Left: 0.2, Top: 0, Right: 1, Bottom: 1}
	p, err := maps.Draw(m, g)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.RGBAAt(30, 30); c.R <= c.B || p.Bounds().Dx() != 100 {
		t.Errorf("%v where the value is positive, %v", c, p.Bounds())
	}
	strong, weak := p.RGBAAt(30, 30), p.RGBAAt(90, 30)
	if weak.B <= weak.R || weak.B-weak.R >= strong.R-strong.B+60 {
		t.Errorf("%v where it is negative", weak)
	}
	if c := p.RGBAAt(10, 30); c.R != c.B || c.R != 128 {
		t.Errorf("%v beside the grid", c)
	}
	other := &maps.Grid{Columns: 1, Rows: 1, Values: []float64{0.2}, Right: 1, Bottom: 1}
	both, err := maps.DrawBeside(m, g, other)
	if err != nil || both.Bounds().Dx() != 208 {
		t.Fatal(both.Bounds(), err)
	}
	if a, b := both.RGBAAt(30, 30), both.RGBAAt(150, 30); int(a.R)-int(a.B) < 3*(int(b.R)-int(b.B)) {
		t.Errorf("%v and %v, not by one scale", a, b)
	}
}

func TestBadGrids(t *testing.T) {
	m := drawn.Film(10, 10, func(x, y int) int { return 1 })
	for name, g := range map[string]*maps.Grid{
		"no values":      {Columns: 1, Rows: 1, Right: 1, Bottom: 1},
		"too many":       {Columns: 1, Rows: 1, Values: []float64{1, 2}, Right: 1, Bottom: 1},
		"over nothing":   {Columns: 1, Rows: 1, Values: []float64{1}},
		"without places": {Values: []float64{1}, Right: 1, Bottom: 1},
	} {
		if _, err := maps.Draw(m, g); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := maps.Draw(&cxr.Image{}, &maps.Grid{Columns: 1, Rows: 1, Values: []float64{1}, Right: 1, Bottom: 1}); !errors.Is(err, cxr.ErrImage) {
		t.Errorf("no film: %v", err)
	}
}

// The score is the brightness of the brightest feature, a maximum: its map is the
// cell of the spot, and nothing else.
func TestOccludeFindsASpotOfAMaximum(t *testing.T) {
	m := drawn.Film(64, 64, func(x, y int) int {
		if x >= 40 && x < 48 && y >= 8 && y < 16 {
			return 250
		}
		return 60 + (x*7+y*5)%20
	})
	largest := func(e *cxr.Embedding) (float64, error) {
		most := 0.0
		for _, v := range e.Values {
			most = max(most, float64(v))
		}
		return most, nil
	}
	g, err := maps.Occlude(t.Context(), pixels.Embedder{}, m, 8, largest)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Values) != 64 {
		t.Fatalf("%d values", len(g.Values))
	}
	for i, v := range g.Values {
		if spot := i == 8+5; spot != (v > 0.1) {
			t.Errorf("cell %d: %v", i, v)
		}
	}
	if _, err := maps.Occlude(t.Context(), pixels.Embedder{}, m, 0, largest); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("no cells: %v", err)
	}
	bad := errors.New("no score")
	if _, err := maps.Occlude(t.Context(), pixels.Embedder{}, m, 2, func(*cxr.Embedding) (float64, error) { return 0, bad }); !errors.Is(err, bad) {
		t.Errorf("no score: %v", err)
	}
}
