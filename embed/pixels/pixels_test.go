package pixels_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/pixels"
)

func TestEmbedder(t *testing.T) {
	embedtest.TestEmbedder(t, func(testing.TB) embed.Embedder { return pixels.Embedder{} })
}

func TestFeaturesAreStandardized(t *testing.T) {
	film := embedtest.Film(pixels.Embedder{}.Space(), 1, 300, 200, 16)
	v, err := pixels.Embedder{}.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	var sum, squares float64
	for _, x := range v[0].Values {
		sum, squares = sum+float64(x), squares+float64(x)*float64(x)
	}
	n := float64(len(v[0].Values))
	if math.Abs(sum/n) > 1e-6 || math.Abs(squares/n-1) > 1e-6 {
		t.Errorf("mean %v, mean square %v of %v values", sum/n, squares/n, n)
	}
}

func Example() {
	film := &cxr.Image{ID: "film", Width: 2, Height: 1, Depth: 8, Pix: []uint16{0, 200}, Recipe: "standard/1"}
	v, err := pixels.Embedder{}.Embed(context.Background(), film)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%v: from %.1f to %.1f\n", v[0], v[0].Values[0], v[0].Values[31])
	// Output: film: 1 x 1024 by pixels-32x32/1, recipe standard/1: from -1.2 to 1.2
}
