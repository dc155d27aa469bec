package network

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

var exports = flag.String("exports", "", "folder of what testdata/exports.py wrote")

// Networks as PyTorch's exporters write them equal ONNX Runtime; see
// testdata/exports.md for what came out.
func TestExports(t *testing.T) {
	if *exports == "" {
		t.Skip("needs -args -exports FOLDER, which testdata/exports.py fills")
	}
	names, err := filepath.Glob(filepath.Join(*exports, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no exports in %s, error %v", *exports, err)
	}
	for _, name := range names {
		stem := strings.TrimSuffix(name, ".json")
		t.Run(filepath.Base(stem), func(t *testing.T) {
			var want struct {
				Side           int
				Batch1, Batch3 result
			}
			readJSON(t, name, &want)
			data, err := os.ReadFile(stem + ".onnx")
			if err != nil {
				t.Fatal(err)
			}
			m, err := onnx.Parse(data, nil)
			if err != nil {
				t.Fatal(err)
			}
			for films, w := range map[int]result{1: want.Batch1, 3: want.Batch3} {
				got, p, err := run(m, Options{Width: want.Side, Height: want.Side, Films: films}, formula(films*3*want.Side*want.Side))
				if err != nil {
					t.Fatal(err)
				}
				if text := differs(got, p.Output, w.Data, w.Dims, 1e-4); text != "" {
					t.Errorf("batch %d: %s", films, text)
				}
				t.Logf("batch %d: opset %d, %d steps, %.2g of the spread", films, m.Opset, len(p.Steps), worst(got, w.Data))
			}
		})
	}
}
