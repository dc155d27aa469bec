package local_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local"
)

func open(t testing.TB, name string, o *local.Options) *local.Embedder {
	t.Helper()
	e, err := local.Open("testdata/"+name+".onnx", o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func size(side int) *local.Preprocess {
	return &local.Preprocess{Width: side, Height: side, Recipe: "standard/1"}
}

func TestEmbedder(t *testing.T) {
	embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder {
		return open(t, "resnet", &local.Options{Output: local.LastGemmInput, Preprocess: size(64)})
	})
}

func TestOutputs(t *testing.T) {
	tests := map[string]struct {
		model       string
		side        int
		options     local.Options
		tokens, dim int
	}{
		"the model's output":             {"resnet", 64, local.Options{}, 1, 7},
		"what the last Gemm takes":       {"resnet", 64, local.Options{Output: local.LastGemmInput}, 1, 40},
		"tokens of a ViT":                {"vit", 32, local.Options{Output: "/encoder/ln/Add_1_output_0"}, 17, 16},
		"the first of them":              {"vit", 32, local.Options{Output: "/encoder/ln/Add_1_output_0", Pool: local.PoolCLS}, 1, 16},
		"their mean":                     {"vit", 32, local.Options{Output: "/encoder/ln/Add_1_output_0", Pool: local.PoolMean}, 1, 16},
		"a feature map, a token a place": {"resnet", 64, local.Options{Output: "/layer4/layer4.0/relu_2/Relu_output_0"}, 4, 40},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.options.Preprocess = size(test.side)
			e := open(t, test.model, &test.options)
			m := e.Model()
			if m.Tokens != test.tokens || m.Dim != test.dim || m.Input.Width != test.side || len(m.Digest) != 64 {
				t.Fatalf("model %+v, want %d x %d", m, test.tokens, test.dim)
			}
			v, err := e.Embed(t.Context(), embedtest.Film(m, 1, 100, 90, 16))
			if err != nil || v[0].Tokens != test.tokens || v[0].Dim != test.dim {
				t.Errorf("%v, error %v", v, err)
			}
		})
	}
	// The mean of the tokens is the mean of the tokens.
	tokens := open(t, "vit", &local.Options{Output: "/encoder/ln/Add_1_output_0", Preprocess: size(32)})
	mean := open(t, "vit", &local.Options{Output: "/encoder/ln/Add_1_output_0", Pool: local.PoolMean, Preprocess: size(32)})
	film := embedtest.Film(tokens.Model(), 3, 50, 50, 8)
	a, _ := tokens.Embed(t.Context(), film)
	b, _ := mean.Embed(t.Context(), film)
	for i, v := range a[0].Mean(nil) {
		if d := v - b[0].Values[i]; d > 1e-6 || d < -1e-6 {
			t.Fatalf("value %d is %v, the mean of the tokens %v", i, b[0].Values[i], v)
		}
	}
}

// A feature map has a token for each place, whichever way the model turns it.
func TestTokensOfAFeatureMapWithItsChannelsLast(t *testing.T) {
	first := open(t, "keras", &local.Options{Output: "v21"})
	last := open(t, "keras", &local.Options{Output: "v22"})
	film := embedtest.Film(first.Model(), 5, 33, 33, 8)
	a, err := first.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	b, err := last.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	if a[0].Tokens != b[0].Tokens || a[0].Dim != 8 || b[0].Dim != 8 || !slices.Equal(a[0].Values, b[0].Values) {
		t.Errorf("%d x %d and %d x %d, equal: %v", a[0].Tokens, a[0].Dim, b[0].Tokens, b[0].Dim, slices.Equal(a[0].Values, b[0].Values))
	}
}

func TestPreprocessingTravelsWithTheModel(t *testing.T) {
	data, err := os.ReadFile("testdata/resnet.onnx")
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"name": "ours/1", "recipe": "upstream/1", "width": 64, "height": 64, "low": -1024, "high": 1024, "mean": [1, 2, 3], "std": [4, 5, 6]}`
	fsys := fstest.MapFS{"m/a.onnx": {Data: data}, "m/a.onnx.json": {Data: []byte(text)}}
	e, err := local.OpenFS(fsys, "m/a.onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := e.Model(); m.Name != "ours/1" || m.Recipe != "upstream/1" || m.Input.Low != -1024 || m.Input.Std[2] != 6 || m.Input.Channels != 3 {
		t.Errorf("model %+v", m)
	}
	for name, bad := range map[string]string{
		"an unknown key":      `{"widht": 64}`,
		"no JSON":             `width: 64`,
		"a mean too short":    `{"width": 64, "height": 64, "mean": [1]}`,
		"a deviation of 0":    `{"width": 64, "height": 64, "std": [1, 1, 0]}`,
		"white below black":   `{"width": 64, "height": 64, "low": 1, "high": -1}`,
		"other channels":      `{"width": 64, "height": 64, "channels": 1}`,
		"a kernel of no name": `{"width": 64, "height": 64, "resize": "magic"}`,
	} {
		fsys["m/a.onnx.json"] = &fstest.MapFile{Data: []byte(bad)}
		if _, err := local.OpenFS(fsys, "m/a.onnx", nil); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good, err := os.ReadFile("testdata/resnet.onnx")
	if err != nil {
		t.Fatal(err)
	}
	renamed := []byte(strings.Replace(string(good), "MaxPool", "Max0ool", -1))
	tests := map[string]struct {
		data    []byte
		options local.Options
		want    string
	}{
		"an unknown operator":   {renamed, local.Options{Preprocess: size(64)}, "operator Max0ool: not supported"},
		"another size":          {good, local.Options{Preprocess: &local.Preprocess{Width: 32, Height: 32}}, "model for films of 64 x 64 pixels, not 32 x 32"},
		"an output that is not": {good, local.Options{Preprocess: size(64), Output: "nowhere"}, `model without a tensor "nowhere"`},
		"half a file":           {good[:len(good)/2], local.Options{Preprocess: size(64)}, "truncated"},
		"what is no model":      {[]byte("hello, world"), local.Options{}, "onnx: "},
		"nothing":               {nil, local.Options{}, "no graph"},
		"a film of nothing":     {good, local.Options{Preprocess: &local.Preprocess{Width: -1}}, "preprocessing to -1 x 0 pixels"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := local.Load(test.data, &test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestEndedContextStopsARun(t *testing.T) {
	e := open(t, "efficientnet", &local.Options{Preprocess: size(40)})
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	films := make([]*cxr.Image, 64)
	for i := range films {
		films[i] = embedtest.Film(e.Model(), uint64(i), 64, 64, 16)
	}
	group.Go(cancel)
	if _, err := e.Embed(ctx, films...); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	group.Wait()
	if _, err := e.Embed(t.Context(), films[0]); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

func BenchmarkEmbed(b *testing.B) {
	e := open(b, "efficientnet", &local.Options{Preprocess: size(40)})
	film := embedtest.Film(e.Model(), 1, 256, 256, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), film); err != nil {
			b.Fatal(err)
		}
	}
}
