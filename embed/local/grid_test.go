package local_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

// The part of the film that a grid lies over, for each way a film comes to the
// network.
func TestGridLiesOverWhatTheNetworkSees(t *testing.T) {
	const output = "/layer4/layer4.0/relu_2/Relu_output_0" // 2 x 2 places
	for name, test := range map[string]struct {
		pre  local.Preprocess
		want [4]float64 // of a film of 128 x 64 pixels
	}{
		"stretched":         {local.Preprocess{}, [4]float64{0, 0, 1, 1}},
		"stretched and cut": {local.Preprocess{Side: 80}, [4]float64{0.1, 0.1, 0.9, 0.9}},
		"cropped":           {local.Preprocess{Fit: local.FitCrop}, [4]float64{0.25, 0, 0.75, 1}},
		"cropped more":      {local.Preprocess{Fit: local.FitCrop, Side: 80}, [4]float64{0.3, 0.1, 0.7, 0.9}},
		"cropped first":     {local.Preprocess{Fit: local.FitCropFirst}, [4]float64{0.25, 0, 0.75, 1}},
		"padded":            {local.Preprocess{Fit: local.FitPad}, [4]float64{0, -0.5, 1, 1.5}},
		"padded first":      {local.Preprocess{Fit: local.FitPadFirst}, [4]float64{0, -0.5, 1, 1.5}},
	} {
		test.pre.Width, test.pre.Height = 64, 64
		e := open(t, "resnet", &local.Options{Output: output, Preprocess: &test.pre})
		g, err := e.Grid(&cxr.Image{Width: 128, Height: 64, Depth: 8, Pix: make([]uint16, 128*64)}, []float64{1, 2, 3, 4})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, v := range [4]float64{g.Left, g.Top, g.Right, g.Bottom} {
			if math.Abs(v-test.want[i]) > 1e-9 {
				t.Errorf("%s: %v to %v, want %v", name, [2]float64{g.Left, g.Top}, [2]float64{g.Right, g.Bottom}, test.want)
				break
			}
		}
		if v, ok := g.At(0.4, 0.6); !ok || v != 3 || g.Columns != 2 || g.Rows != 2 {
			t.Errorf("%s: %v %v in %d x %d places", name, v, ok, g.Columns, g.Rows)
		}
	}
}

// A bright spot changes the value of its own place most, through the whole way of
// a film.
func TestGridPointsAtWhatChanged(t *testing.T) {
	e := open(t, "resnet", &local.Options{Output: "/layer1/layer1.0/relu_2/Relu_output_0", Preprocess: &local.Preprocess{Width: 64, Height: 64, Fit: local.FitCrop}})
	film := func(spot float64) *cxr.Image {
		return drawn.Chest(200, 120, func(x, y float64) float64 { return spot * drawn.Oval(x, y, 0.63, 0.27, 0.02, 0.04) })
	}
	v, err := e.Embed(t.Context(), film(0), film(120))
	if err != nil {
		t.Fatal(err)
	}
	moved := make([]float64, v[0].Tokens)
	for i := range moved {
		for j, a := range v[0].Token(i) {
			d := float64(a - v[1].Token(i)[j])
			moved[i] += d * d
		}
	}
	g, err := e.Grid(film(0), moved)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for i, v := range g.Values {
		if v > g.Values[at] {
			at = i
		}
	}
	x := g.Left + (float64(at%g.Columns)+0.5)/float64(g.Columns)*(g.Right-g.Left)
	y := g.Top + (float64(at/g.Columns)+0.5)/float64(g.Rows)*(g.Bottom-g.Top)
	if g.Columns != 16 || math.Abs(x-0.63) > 1.5*(g.Right-g.Left)/16 || math.Abs(y-0.27) > 1.5/16 {
		t.Errorf("the most is at (%.2f, %.2f) of %d columns, the spot at (0.63, 0.27)", x, y, g.Columns)
	}
}

func TestGridRefuses(t *testing.T) {
	m := drawn.Chest(64, 64, nil)
	e := open(t, "resnet", &local.Options{Preprocess: size(64)})
	if _, err := e.Grid(m, []float64{1}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("one token: %v", err)
	}
	e = open(t, "vit", &local.Options{Output: "/encoder/ln/Add_1_output_0", Preprocess: size(32)})
	if _, err := e.Grid(m, make([]float64, 16)); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("too few values: %v", err)
	}
	values := make([]float64, 17) // the class token and 4 x 4 places
	values[1] = 5
	g, err := e.Grid(m, values)
	if err != nil || g.Columns != 4 || g.Rows != 4 || g.Values[0] != 5 {
		t.Errorf("%+v, error %v", g, err)
	}
	values[2] = math.NaN()
	if _, err := e.Grid(m, values); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("NaN: %v", err)
	}
}
