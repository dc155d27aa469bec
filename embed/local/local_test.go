package local_test

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

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
			m := e.Space()
			if m.Tokens != test.tokens || m.Dim != test.dim || e.Preprocess().Width != test.side || len(m.Digest) != 64 {
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
	film := embedtest.Film(tokens.Space(), 3, 50, 50, 8)
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
	film := embedtest.Film(first.Space(), 5, 33, 33, 8)
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
	if s, p := e.Space(), e.Preprocess(); s.Model != "ours/1" || s.Recipe != "upstream/1" || p.Low != -1024 || p.Std[2] != 6 || p.Channels != 3 || p.Width != 64 {
		t.Errorf("space %v, preprocessing %+v", s, p)
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
		"an output that is not": {good, local.Options{Preprocess: size(64), Output: "nowhere"}, `model without a tensor "nowhere"; it has "`},
		"half a file":           {good[:len(good)/2], local.Options{Preprocess: size(64)}, "truncated"},
		"what is no model":      {[]byte("image_id,x\na,1\n"), local.Options{}, "not an ONNX file"},
		"nothing":               {nil, local.Options{}, "not an ONNX file"},
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

// A fuse is a context that ends when it has been looked at so often.
type fuse struct {
	context.Context
	looks, after atomic.Int64
}

func (f *fuse) Err() error {
	if f.looks.Add(1) > f.after.Load() {
		return context.Canceled
	}
	return nil
}

// A run looks at its context before every step, and stops where it ends.
func TestEndedContextStopsARun(t *testing.T) {
	e := open(t, "efficientnet", &local.Options{Preprocess: size(40)})
	film := embedtest.Film(e.Space(), 1, 64, 64, 16)
	whole := &fuse{Context: t.Context()}
	whole.after.Store(math.MaxInt64)
	want, err := e.Embed(whole, film)
	if err != nil {
		t.Fatal(err)
	}
	looks := whole.looks.Load()
	if steps := int64(e.Describe().Steps); looks < steps {
		t.Fatalf("%d looks at the context in %d steps", looks, steps)
	}
	for _, after := range []int64{1, 2, looks / 2, looks - 1} {
		ctx := &fuse{Context: t.Context()}
		ctx.after.Store(after)
		if got, err := e.Embed(ctx, film); !errors.Is(err, context.Canceled) || got != nil {
			t.Errorf("after %d looks: %v, error %v", after, got, err)
		}
		if n := ctx.looks.Load(); n > after+5 {
			t.Errorf("looked %d times more at a context that had ended", n-after)
		}
	}
	again, err := e.Embed(t.Context(), film)
	if err != nil {
		t.Fatalf("the next run: %v", err)
	}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("the next run (-want +got):\n%s", diff)
	}
}

func BenchmarkEmbed(b *testing.B) {
	e := open(b, "efficientnet", &local.Options{Preprocess: size(40)})
	film := embedtest.Film(e.Space(), 1, 256, 256, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), film); err != nil {
			b.Fatal(err)
		}
	}
}

// The digest is of everything that decides the numbers: none of these may find
// the other's embeddings in a store, or pass the check of its heads.
func TestSpaceTellsApartWhatDecidesTheNumbers(t *testing.T) {
	base := local.Preprocess{Width: 64, Height: 64, Mean: []float64{0.1, 0.2, 0.3}, Std: []float64{1, 1, 1}}
	with := func(change func(*local.Preprocess)) *local.Options {
		p := base
		change(&p)
		return &local.Options{Preprocess: &p, Name: "same"}
	}
	nothing := func(*local.Preprocess) {}
	options := map[string]*local.Options{
		"as it is":       with(nothing),
		"another range":  with(func(p *local.Preprocess) { p.Low, p.High = -1024, 1024 }),
		"another mean":   with(func(p *local.Preprocess) { p.Mean = []float64{0.1, 0.2, 0.4} }),
		"no mean":        with(func(p *local.Preprocess) { p.Mean = nil }),
		"a deviation":    with(func(p *local.Preprocess) { p.Std = []float64{1, 1, 2} }),
		"per image":      with(func(p *local.Preprocess) { p.PerImage = true }),
		"another kernel": with(func(p *local.Preprocess) { p.Resize = local.ResizeCubic }),
		"another output": with(nothing),
		"another pool":   with(nothing),
	}
	options["another output"].Output = local.LastGemmInput
	options["another pool"].Output, options["another pool"].Pool = "/layer4/layer4.0/relu_2/Relu_output_0", local.PoolMean
	digests := map[string]string{}
	// A size that the file leaves open.
	if a, b := open(t, "vit", &local.Options{Preprocess: size(32)}).Space(), open(t, "resnet", &local.Options{Preprocess: size(64)}).Space(); a.Digest == b.Digest {
		t.Error("two models have one digest")
	}
	for name, o := range options {
		s := open(t, "resnet", o).Space()
		if s.Model != "same" {
			t.Errorf("%s: model %q", name, s.Model)
		}
		if other, twice := digests[s.Digest]; twice {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[s.Digest] = name
	}
	if a, b := open(t, "resnet", with(nothing)).Space(), open(t, "resnet", with(nothing)).Space(); a != b {
		t.Errorf("the same model has the spaces %v and %v", a, b)
	}
}

func TestMaxMemory(t *testing.T) {
	need := func() int64 {
		e, err := local.Open("testdata/vit.onnx", nil)
		if err != nil {
			t.Fatal(err)
		}
		return e.Describe().Memory
	}()
	if _, err := local.Open("testdata/vit.onnx", &local.Options{MaxMemory: need}); err != nil {
		t.Error(err)
	}
	if _, err := local.Open("testdata/vit.onnx", &local.Options{MaxMemory: need - 1}); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("error %v, want cxr.ErrTooLarge", err)
	}
}
