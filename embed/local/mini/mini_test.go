package mini_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/internal/simd"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

// draw is one of drawn.Reference.
func draw(name string, side int) *cxr.Image {
	m := drawn.Film(side, side, drawn.Reference[name])
	m.ID = name
	return m
}

// testdata/reference.py made the reference with ONNX Runtime.
func TestEqualsONNXRuntime(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Side    int
		Outputs map[string][]float64
	}
	if err := json.Unmarshal(data, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Outputs) != len(drawn.Reference) {
		t.Fatalf("%d films in the reference, want %d", len(reference.Outputs), len(drawn.Reference))
	}
	e, err := local.Load(mini.ONNX(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range reference.Outputs {
		got, err := e.Embed(t.Context(), draw(name, reference.Side))
		if err != nil {
			t.Fatal(err)
		}
		var largest, squares float64
		for i, v := range want {
			largest = math.Max(largest, math.Abs(float64(got[0].Values[i])-v))
			squares += v * v / float64(len(want))
		}
		if len(got[0].Values) != len(want) || largest > 1e-4*math.Sqrt(squares) {
			t.Errorf("%s: %d values, want %d; largest difference %.2g of a spread of %.2g", name, len(got[0].Values), len(want), largest, math.Sqrt(squares))
		}
	}
}

// The embedding is what the network makes of the film cut to its lungs.
func TestLooksAtLungs(t *testing.T) {
	m := draw("rings", 300)
	finder, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	network, err := local.Load(mini.ONNX(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := finder.Find(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want, err := network.Embed(t.Context(), l.Cut(m, mini.Margin))
	if err != nil {
		t.Fatal(err)
	}
	got, err := open(t).Embed(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0].Values, want[0].Values) {
		t.Error("other values")
	}
	if a, b := open(t).Space().Digest, network.Space().Digest; a == b {
		t.Error("the digest leaves the segmenter out")
	}
}

func TestOptionsThatDoNotCountAreRefused(t *testing.T) {
	for _, o := range []*local.Options{{Output: mini.Map}, {Pool: local.PoolMean}, {Preprocess: &local.Preprocess{}}} {
		if _, err := mini.Open(o); !errors.Is(err, cxr.ErrUnsupported) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	e, err := mini.Open(&local.Options{Name: "mine"})
	if err != nil || e.Space().Model != "mine" {
		t.Errorf("name %q, error %v", e.Space().Model, err)
	}
}

func TestContract(t *testing.T) { embedtest.TestEmbedder(t, open) }

// Threads that share the work of one film compute the same sums in the same
// order.
func TestThreadsTogetherGiveTheSame(t *testing.T) {
	want, err := open(t).Embed(t.Context(), draw("rings", 160))
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 3, 7} {
		e, err := mini.Open(&local.Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := e.Embed(t.Context(), draw("rings", 160))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[0].Values, want[0].Values) {
				t.Fatalf("%d threads: another embedding", threads)
			}
		}
	}
}

func TestExposureCountsForNothing(t *testing.T) {
	e, dim := open(t), draw("rings", 200)
	bright := draw("rings", 200)
	bright.Depth = 16
	for i, v := range bright.Pix {
		bright.Pix[i] = 1000 + 200*v
	}
	got, err := e.Embed(t.Context(), dim, bright)
	if err != nil {
		t.Fatal(err)
	}
	// Not equal: resizing rounds to 8 or 16 bits.
	if c := cosine(got[0].Values, got[1].Values); c < 0.999 {
		t.Errorf("cosine %v between a film and the same brighter and of 16 bits", c)
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func open(t testing.TB) embed.Embedder {
	t.Helper()
	e, err := mini.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// At 160 pixels there is nothing to resize: the network alone.
func BenchmarkEmbed(b *testing.B) {
	for _, side := range []int{160, 224} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			e, film := open(b), draw("rings", side)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Embed(b.Context(), film); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "films/s")
		})
	}
}

// The network alone on every path of kernels.
func BenchmarkKernels(b *testing.B) {
	for _, path := range simd.Paths() {
		b.Run(path.String(), func(b *testing.B) {
			defer simd.Use(path)()
			e, film := open(b), draw("rings", 160)
			for b.Loop() {
				if _, err := e.Embed(b.Context(), film); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func Example() {
	e, err := mini.Open(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := e.Space()
	fmt.Println(m.Model, m.Dim, e.Preprocess().Width, m.Recipe)
	// Output: cxrkit-mini-4 1792 160 standard/1
}
