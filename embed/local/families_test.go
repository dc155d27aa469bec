package local

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// A vector is what ONNX Runtime makes of one input; see testdata/make.py.
type vector struct {
	Side   int
	Dims   []int
	Values []float64
}

func vectors(t testing.TB) map[string]vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// formula is the input of the vectors, channels last.
func formula(dst []float32, channels, seed int) {
	places := len(dst) / channels
	for ch := range channels {
		for p := range places {
			k := uint32(ch*places+p+seed) * 2654435761
			dst[p*channels+ch] = (float32(k>>22) - 512) / 512
		}
	}
}

// farthest is the largest difference as a share of the spread of the reference.
func farthest(got []float32, want []float64) float64 {
	low, high, diff := math.Inf(1), math.Inf(-1), 0.0
	for i, w := range want {
		low, high = min(low, w), max(high, w)
		diff = max(diff, math.Abs(w-float64(got[i])))
	}
	return diff / (high - low)
}

func TestFamiliesEqualONNXRuntime(t *testing.T) {
	all := vectors(t)
	if len(all) < 14 {
		t.Fatalf("%d networks", len(all))
	}
	for _, path := range simd.Paths() {
		t.Run(path.String(), func(t *testing.T) {
			defer simd.Use(path)()
			e, err := Open("testdata/vit.onnx", nil)
			if err != nil {
				t.Fatal(err)
			}
			if told := path.String() + " kernels"; e.Describe().Kernels != path.String() || !strings.Contains(e.Describe().String(), told) {
				t.Errorf("description without %q:\n%s", told, e.Describe())
			}
			for name, v := range all {
				t.Run(name, func(t *testing.T) { equalsVector(t, name, v) })
			}
		})
	}
}

func equalsVector(t *testing.T, name string, v vector) {
	e, err := Open("testdata/"+name+".onnx", &Options{Preprocess: &Preprocess{Width: v.Side, Height: v.Side}})
	if err != nil {
		t.Fatal(err)
	}
	in := e.idle[0]
	for range 2 { // a run leaves nothing behind that the next one sees
		formula(e.program.In(in.memory), e.pre.Channels, 0)
		if err := in.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := farthest(e.program.Out(in.memory), v.Values); !(d <= 1e-4) {
			t.Fatalf("%.2g of the spread from ONNX Runtime", d)
		}
	}
}

// The real model that others made: 8 bits in QDQ form. Activations are rounded
// to the same grid, so what remains is a rounding that falls the other way here
// and there: one or two steps of the output.
func TestRealModelReproducesItsReference(t *testing.T) {
	const path = "../../../shared/models/mobilenetv3_small_nih14_int8_qdq"
	text, err := os.ReadFile(path + ".reference.json")
	if err != nil {
		t.Skip("no ../shared/models: ", err)
	}
	var reference struct {
		Cases []struct {
			Seed    int
			Outputs map[string]struct{ Data []float64 }
		}
	}
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	e, err := Open(path+".onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range reference.Cases {
		in := e.idle[0]
		formula(e.program.In(in.memory), 1, c.Seed)
		if err := in.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := farthest(e.program.Out(in.memory), c.Outputs["output"].Data); d > 0.02 {
			t.Errorf("seed %d: %.2g of the spread from the reference", c.Seed, d)
		}
	}
}
