package maps_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/maps"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

// film is a drawing of a chest, with a bright spot in the upper right corner of
// the picture if asked for.
func film(rng *rand.Rand, spot bool) *cxr.Image {
	bright, grain := 0.0, 10*rng.Float64()
	if spot {
		bright = 90
	}
	x0, y0 := 0.7+0.05*rng.Float64(), 0.25+0.05*rng.Float64()
	return drawn.Chest(96, 96, func(x, y float64) float64 { return grain + bright*drawn.Oval(x, y, x0, y0, 0.05, 0.05) })
}

// Where the log odds of a linear head on a feature map come from, exactly, beside
// the map of a head that learned from shuffled labels: what is in both is no
// finding.
func Example() {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 2))
	encoder, err := local.Open("../local/testdata/resnet.onnx", &local.Options{Output: "/layer1/layer1.0/relu_2/Relu_output_0"})
	if err != nil {
		panic(err)
	}
	data := &head.Dataset{Findings: []string{"spot"}}
	for i := range 60 {
		e, err := encoder.Embed(ctx, film(rng, i%2 == 0))
		if err != nil {
			panic(err)
		}
		data.Examples = append(data.Examples, head.Example{Embedding: e[0], Labels: []head.Label{[]head.Label{head.Positive, head.Negative}[i%2]}})
	}
	m := film(rng, true)
	var grids []*maps.Grid
	for _, d := range []*head.Dataset{data, data.Shuffled(1)} {
		model, err := head.Linear{}.Fit(ctx, d, nil)
		if err != nil {
			panic(err)
		}
		e, err := encoder.Embed(ctx, m)
		if err != nil {
			panic(err)
		}
		shares, err := model.Shares(e[0])
		if err != nil {
			panic(err)
		}
		g, err := encoder.Grid(m, shares[0])
		if err != nil {
			panic(err)
		}
		grids = append(grids, g)
	}
	picture, err := maps.DrawBeside(m, grids[0], grids[1])
	if err != nil {
		panic(err)
	}
	spot, _ := grids[0].At(0.72, 0.27)
	elsewhere, _ := grids[0].At(0.3, 0.8)
	fmt.Println("the spot adds more than another place:", spot > 2*elsewhere)
	fmt.Println("the picture is", picture.Bounds().Dx(), "x", picture.Bounds().Dy())
	// Output:
	// the spot adds more than another place: true
	// the picture is 200 x 96
}
