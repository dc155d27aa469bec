package zones_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/local/zones"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

func open(t testing.TB) *zones.Embedder {
	t.Helper()
	e, err := zones.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// chest is a drawing, with a bright spot if asked for.
func chest(spot bool) *cxr.Image {
	return drawn.Chest(160, 160, func(x, y float64) float64 {
		if !spot {
			return 0
		}
		return 90 * drawn.Oval(x, y, 0.3, 0.28, 0.06, 0.06) // of the right upper zone
	})
}

func TestContract(t *testing.T) {
	t.Run("tokens", func(t *testing.T) {
		embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder { return open(t) })
	})
	t.Run("flat", func(t *testing.T) {
		embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder { return open(t).Flat() })
	})
}

func TestZonesOfAChest(t *testing.T) {
	finder, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := finder.Find(t.Context(), chest(false))
	if err != nil || !l.Found {
		t.Fatal(l, err)
	}
	zone := zones.Of(l)
	at := func(x, y float64) int { return zone[int(y*lungs.Grid)*lungs.Grid+int(x*lungs.Grid)] }
	for _, test := range []struct {
		x, y float64
		want int
	}{
		{0.3, 0.25, zones.RightUpper}, {0.3, 0.45, zones.RightMiddle}, {0.28, 0.66, zones.RightLower},
		{0.7, 0.25, zones.LeftUpper}, {0.7, 0.45, zones.LeftMiddle}, {0.72, 0.66, zones.LeftLower},
		{0.5, 0.4, zones.Between}, {0.02, 0.5, zones.Outside},
	} {
		if got := at(test.x, test.y); got != test.want {
			t.Errorf("(%v, %v) is %s, want %s", test.x, test.y, zones.Name(got), zones.Name(test.want))
		}
	}
}

// A spot moves the token of its zone more than that of any other lung zone.
func TestASpotShowsInItsZone(t *testing.T) {
	e := open(t)
	v, err := e.Embed(t.Context(), chest(false), chest(true))
	if err != nil {
		t.Fatal(err)
	}
	most, moved := -1, 0.0
	for z := range zones.Number - 2 {
		var d float64
		for j, a := range v[0].Token(z) {
			b := v[1].Token(z)[j]
			d += float64(a-b) * float64(a-b)
		}
		if d > moved {
			most, moved = z, d
		}
	}
	if most != zones.RightUpper {
		t.Errorf("the spot moves %s most", zones.Name(most))
	}
}

func TestMap(t *testing.T) {
	finder, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := chest(false)
	l, err := finder.Find(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, zones.Number)
	values[zones.LeftUpper], values[zones.RightUpper] = 2, -1
	p, err := zones.Map(m, l, values)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.RGBAAt(112, 40); c.R <= c.B {
		t.Errorf("%v where the value is positive", c)
	}
	if c := p.RGBAAt(48, 40); c.R >= c.B {
		t.Errorf("%v where it is negative", c)
	}
	if c := p.RGBAAt(2, 80); c.R != c.B {
		t.Errorf("%v where it is 0", c)
	}
	if _, err := zones.Map(m, l, values[1:]); err == nil {
		t.Error("too few values are taken")
	}
	values[0] = math.NaN()
	if _, err := zones.Map(m, l, values); err == nil {
		t.Error("NaN is taken")
	}
}

func Example() {
	e, err := zones.Open(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := e.Embed(context.Background(), chest(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v[0].Tokens, "tokens, the first of", zones.Name(zones.RightUpper))
	// Output: 8 tokens, the first of right upper
}
