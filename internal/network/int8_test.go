package network

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// Quantized networks are computed in integers, and what becomes of their sums is
// exactly what ONNX Runtime's integer operators make; on every kernel path, for one
// film and two, with one thread and three.
func TestInt8(t *testing.T) {
	all := examples(t, "testdata/int8.zip")
	if len(all) < 40 {
		t.Fatalf("%d models", len(all))
	}
	paths(t, func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			m, err := onnx.Parse(all[name].data, nil)
			if err != nil {
				t.Fatal(err)
			}
			for batch, want := range all[name].results {
				for _, threads := range []int{1, 3} {
					got, p, err := run(m, Options{Films: batch, Threads: threads, shareAll: true}, formula(batch*product(m.Inputs[0].Shape[1:])))
					if err != nil {
						t.Errorf("%s: %v", name, err)
						continue
					}
					share := 0.0
					if strings.HasPrefix(name, "float") { // there a rounding may fall the other way
						share = 2e-2
					}
					if text := differs(got, p.Output, want.Data, want.Dims, share); text != "" {
						t.Errorf("%s, batch %d, %d threads: %s", name, batch, threads, text)
					}
					if share > 0 && unlike(got, want.Data) > len(got)/200+1 {
						t.Errorf("%s: %d of %d values differ", name, unlike(got, want.Data), len(got))
					}
					if deep := strings.Contains(name, "depthwise") || strings.HasPrefix(name, "add"); deep != (p.Integer == 0) {
						t.Errorf("%s: %d products in integers", name, p.Integer)
					}
				}
			}
		}
	})
}

// unlike is how many values differ by more than rounding in float32.
func unlike(got, want []float32) (n int) {
	for i, v := range got {
		if d := v - want[i]; d > 1e-5 || d < -1e-5 {
			n++
		}
	}
	return n
}
