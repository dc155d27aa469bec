package local_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

// described opens the test network with a description beside it.
func described(t *testing.T, p local.Preprocess) (*local.Embedder, error) {
	t.Helper()
	data, err := os.ReadFile("testdata/resnet.onnx")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return local.OpenFS(fstest.MapFS{"m.onnx": {Data: data}, "m.onnx.json": {Data: text}}, "m.onnx", nil)
}

// references are two films and what a right description makes of them.
func references(t *testing.T, right local.Preprocess) (list []local.Reference) {
	t.Helper()
	e, err := described(t, right)
	if err != nil {
		t.Fatal(err)
	}
	texture := func(x, y float64) float64 { return 40 * (1 + math.Sin(200*x)*math.Sin(150*y+90*x)) }
	for _, m := range []*cxr.Image{drawn.Chest(131, 97, texture), drawn.Chest(90, 140, texture)} {
		v, err := e.Embed(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, local.Reference{Film: m.PNG(), Values: v[0].Values})
	}
	return list
}

// Each mistake that people make is caught when the model is opened, and named.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	right := local.Preprocess{
		Width: 64, Height: 64, Mean: []float64{0.485, 0.456, 0.406}, Std: []float64{0.229, 0.224, 0.225},
		Fit: local.FitCrop, Side: 73, Resize: "pil bicubic", Bits: 8,
		Output: "/layer4/layer4.0/relu_2/Relu_output_0", Pool: local.PoolMean,
	}
	right.References = references(t, right)
	if _, err := described(t, right); err != nil {
		t.Fatalf("the right one: %v", err)
	}
	for name, test := range map[string]struct {
		change func(*local.Preprocess)
		hint   string
	}{
		"a wrong mean": {func(p *local.Preprocess) { p.Mean, p.Std = []float64{0.5, 0.5, 0.5}, []float64{0.5, 0.5, 0.5} },
			"fit with ImageNet's mean [0.485 0.456 0.406] and deviation"},
		"no mean": {func(p *local.Preprocess) { p.Mean, p.Std = nil, nil }, "fit with ImageNet's mean"},
		"no crop": {func(p *local.Preprocess) { p.Fit, p.Side = local.FitStretch, 0 }, "fit with a crop of the middle after resizing the shorter side to 73"},
		"BGR": {func(p *local.Preprocess) {
			p.Mean, p.Std = []float64{0.406, 0.456, 0.485}, []float64{0.225, 0.224, 0.229}
		}, "BGR"},
		"0 to 255":           {func(p *local.Preprocess) { p.High = 255 }, "fit with the range 0 to 1 instead of 0 to 255"},
		"-1024 to 1024":      {func(p *local.Preprocess) { p.Low, p.High = -1024, 1024 }, "fit with the range 0 to 1 instead of -1024 to 1024"},
		"another pooling":    {func(p *local.Preprocess) { p.Pool = local.PoolCLS }, `fit with the pooling "mean" instead of "cls"`},
		"no pooling":         {func(p *local.Preprocess) { p.Pool = local.PoolNone }, `values for an embedding of 4 x 40: they fit with the pooling "mean"`},
		"no antialias":       {func(p *local.Preprocess) { p.Resize = "torch bilinear plain" }, `fit with resizing by "pil bicubic"`},
		"two things at once": {func(p *local.Preprocess) { p.High, p.Pool = 255, local.PoolCLS }, " and "},
		"another output":     {func(p *local.Preprocess) { p.Output = "/layer3/layer3.0/relu_2/Relu_output_0" }, "references of 40 values for an embedding"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := right
			test.change(&wrong)
			_, err := described(t, wrong)
			if !errors.Is(err, cxr.ErrMismatch) || !strings.Contains(err.Error(), test.hint) {
				t.Errorf("error %v, want %q in it", err, test.hint)
			}
		})
	}
}

func TestCheckRefusesReferences(t *testing.T) {
	e := open(t, "resnet", &local.Options{Preprocess: size(64)})
	film := drawn.Chest(64, 64, func(x, y float64) float64 { return 0 }).PNG()
	for want, r := range map[string]local.Reference{
		"reference 1: unexpected EOF": {Film: film[:20], Values: []float32{1, 2}},
		"0 values, all alike":         {Film: film},
		"2 values, all alike":         {Film: film, Values: []float32{3, 3}},
		"references of 2 values for an embedding of 1 x 7: no other range": {Film: film, Values: []float32{3, 4}},
	} {
		if err := e.Check(t.Context(), []local.Reference{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := e.Check(t.Context(), make([]local.Reference, 17)); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("17 references: %v", err)
	}
}

// The digest tells apart what the new fields decide, and leaves out what does not
// change the numbers.
func TestSpaceOfDescriptions(t *testing.T) {
	base := local.Preprocess{Width: 64, Height: 64, Fit: local.FitCrop, Side: 70, Resize: "pil bicubic"}
	digests := map[string]string{}
	for name, change := range map[string]func(*local.Preprocess){
		"as it is":           func(p *local.Preprocess) {},
		"another fit":        func(p *local.Preprocess) { p.Fit = local.FitPad },
		"another side":       func(p *local.Preprocess) { p.Side = 71 },
		"another center":     func(p *local.Preprocess) { p.Center = local.CenterEven },
		"another pad":        func(p *local.Preprocess) { p.Pad = 0.5 },
		"another program":    func(p *local.Preprocess) { p.Resize = "torch bicubic" },
		"bits":               func(p *local.Preprocess) { p.Bits = 8 },
		"percentiles":        func(p *local.Preprocess) { p.Percentiles = []float64{1, 99} },
		"other percentiles":  func(p *local.Preprocess) { p.Percentiles = []float64{0, 99} },
		"an output":          func(p *local.Preprocess) { p.Output = local.LastGemmInput },
		"a map":              func(p *local.Preprocess) { p.Output = "/layer4/layer4.0/relu_2/Relu_output_0" },
		"its mean":           func(p *local.Preprocess) { p.Output, p.Pool = "/layer4/layer4.0/relu_2/Relu_output_0", local.PoolMean },
		"its first position": func(p *local.Preprocess) { p.Output, p.Pool = "/layer4/layer4.0/relu_2/Relu_output_0", local.PoolCLS },
	} {
		p := base
		change(&p)
		e, err := described(t, p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		digest := e.Space().Digest
		if other, twice := digests[digest]; twice {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[digest] = name
		p.References, p.Tolerance = references(t, p), 0.02
		if with, err := described(t, p); err != nil || with.Space().Digest != digest {
			t.Errorf("%s: references change the digest (%v)", name, err)
		}
	}
}

func TestDescriptionsThatMeanNothing(t *testing.T) {
	for want, p := range map[string]local.Preprocess{
		"resizes by \"magic\", want area, bilinear":   {Resize: "magic"},
		"of 9 bits, want 0, 8 or 32":                  {Bits: 9},
		`of 32 bits resizes by "cubic", which keeps`:  {Bits: 32, Resize: local.ResizeCubic},
		`fits by "squash"`:                            {Fit: "squash"},
		`fits by "pad first" to a side of 9`:          {Fit: local.FitPadFirst, Side: 9},
		`centers by "left"`:                           {Center: "left"},
		"pads with 2":                                 {Pad: 2},
		"scales by the percentiles [3]":               {Percentiles: []float64{3}},
		"scales by the percentiles [9 3]":             {Percentiles: []float64{9, 3}},
		"with a side of -1 pixels":                    {Side: -1},
		"tolerates 1 of the spread":                   {Tolerance: 1},
		"want one ONNX file, named vision_model.onnx": {Name: "folder"},
	} {
		var err error
		if p.Name == "folder" {
			_, err = local.OpenFolder(t.TempDir(), nil)
		} else {
			p.Width, p.Height = 64, 64
			_, err = local.Open("testdata/resnet.onnx", &local.Options{Preprocess: &p})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A film so narrow that it would be resized to gigabytes is refused.
func TestNarrowFilms(t *testing.T) {
	for _, fit := range []string{local.FitCrop, local.FitPad, local.FitPadFirst, local.FitCropFirst} {
		e := open(t, "resnet", &local.Options{Preprocess: &local.Preprocess{Width: 64, Height: 64, Fit: fit}})
		m := &cxr.Image{Width: 1 << 16, Height: 2, Depth: 8, Pix: make([]uint16, 1<<17)}
		if _, err := e.Embed(t.Context(), m); !errors.Is(err, cxr.ErrUnsupported) {
			t.Errorf("%s: %v", fit, err)
		}
	}
}

// So is one that a description would make gigabytes of.
func TestLargeSides(t *testing.T) {
	for _, r := range []string{"pil bicubic", local.ResizeArea, "scikit-image"} {
		e := open(t, "resnet", &local.Options{Preprocess: &local.Preprocess{Width: 64, Height: 64, Fit: local.FitCrop, Side: 1 << 14, Resize: r}})
		if _, err := e.Embed(t.Context(), drawn.Chest(60, 20, nil)); !errors.Is(err, cxr.ErrTooLarge) {
			t.Errorf("%s: %v", r, err)
		}
	}
}

// A folder as an export leaves it.
func TestOpenFolder(t *testing.T) {
	data, err := os.ReadFile("testdata/resnet.onnx")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/rad-dino"
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(dir+"/"+name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir+"/onnx", 0o777); err != nil {
		t.Fatal(err)
	}
	write("onnx/model.onnx", data)
	write("onnx/text_model.onnx", []byte("of another kind"))
	if _, err := local.OpenFolder(dir, nil); err == nil || !strings.Contains(err.Error(), "no description of the preprocessing") {
		t.Errorf("without a description: %v", err)
	}
	if _, err := local.OpenFolder(dir, &local.Options{Preprocess: size(64)}); err != nil {
		t.Errorf("with one of our own: %v", err)
	}
	write("config.json", []byte(`{"model_type": "dinov2", "hidden_size": 768}`))
	write("preprocessor_config.json", []byte(`{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 70}, "crop_size": {"height": 64, "width": 64}, "image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 1]}`))
	e, err := local.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := e.Preprocess()
	if e.Space().Model != "rad-dino" || p.Side != 70 || p.Width != 64 || p.Mean[2] != 0.3 || p.Resize != "torch bicubic" {
		t.Errorf("%v, %+v", e, p)
	}
	write("preprocessor_config.json", []byte(`{"image_processor_type": "ViTImageProcessor", "size": 48, "do_normalize": false}`))
	if _, err := local.OpenFolder(dir, nil); err == nil || !strings.Contains(err.Error(), "model for films of 64 x 64 pixels, not 48 x 48") {
		t.Errorf("of another size: %v", err)
	}
}
