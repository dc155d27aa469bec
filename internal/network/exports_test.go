package network

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

var exports = flag.String("exports", "", "folder of what testdata/exports.py wrote")

// Networks as PyTorch's exporters write them equal ONNX Runtime; with -update, what
// came out is written to testdata.
func TestExports(t *testing.T) {
	if *exports == "" {
		t.Skip("needs -args -exports FOLDER, which testdata/exports.py fills")
	}
	names, err := filepath.Glob(filepath.Join(*exports, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no exports in %s, error %v", *exports, err)
	}
	var rows []string
	for _, name := range names {
		stem := strings.TrimSuffix(name, ".json")
		network, exporter, _ := strings.Cut(filepath.Base(stem), ".")
		t.Run(filepath.Base(stem), func(t *testing.T) {
			m, steps, differences := equalsExport(t, stem)
			rows = append(rows, fmt.Sprintf("| %s | %s | %d | %d | %d | %.1e | %.1e |", network, exporter, m.Opset, len(m.Nodes), steps, differences[1], differences[3]))
		})
	}
	if *update {
		writeExports(t, rows)
	}
}

// equalsExport compares batches of 1 and 3, and returns how far they are from the
// right results, as a share of their spread.
func equalsExport(t *testing.T, stem string) (m *onnx.Model, steps int, differences map[int]float64) {
	var want struct {
		Side           int
		Share          float64 // of the spread that a result may be away; 0: 1e-4
		Batch1, Batch3 result
	}
	readJSON(t, stem+".json", &want)
	share := max(want.Share, 1e-4)
	m, differences = model(t, stem+".onnx"), map[int]float64{}
	for films, w := range map[int]result{1: want.Batch1, 3: want.Batch3} {
		got, p, err := run(m, Options{Width: want.Side, Height: want.Side, Films: films}, formula(films*3*want.Side*want.Side))
		if err != nil {
			t.Fatal(err)
		}
		if text := differs(got, p.Output, w.Data, w.Dims, share); text != "" {
			t.Errorf("batch %d: %s", films, text)
		}
		steps, differences[films] = len(p.Steps), worst(got, w.Data)
		if !(differences[films] <= share) {
			t.Errorf("batch %d: %.2g of the spread", films, differences[films])
		}
	}
	return m, steps, differences
}

// writeExports writes the rows to a file named as the folder they come from, and
// the script that filled it.
func writeExports(t *testing.T, rows []string) {
	name := filepath.Base(*exports)
	heads := map[string]string{
		"exports": `# Exports of PyTorch against ONNX Runtime

What ` + "`exports.py`" + ` wrote (PyTorch 2.15.0, torchvision 0.29.2, timm 1.0.31; random weights and BatchNorm statistics; ONNX Runtime
1.32.0 without optimizations), run by ` + "`go test ./internal/network -run Exports -args -exports exports -update`" + `. Differences are the largest
of a value, as a share of the spread of the output. Two exports fail in PyTorch itself: eva02_tiny by torchscript, beit_base by dynamo.
`,
		"quantized": `# Quantized networks against ONNX Runtime

What ` + "`quantized.py`" + ` wrote (ONNX Runtime 1.32.0), run by ` + "`go test ./internal/network -run Exports -args -exports quantized -update`" + `. Differences
are the largest of a value, as a share of the spread of the output: where a rounding falls the other way, values move by a step of
256 and move others. ONNX Runtime with and without its own optimizations differs by up to 0.024 on these. Two networks are not
quantized to integer operators by its tools: mobilenet_v3_small and convnextv2_atto.
`,
	}
	head, ok := heads[name]
	if !ok {
		t.Fatalf("a folder named %s, want exports or quantized", name)
	}
	head += `
| network | export | opset | nodes | steps | batch 1 | batch 3 |
|---|---|---|---|---|---|---|
`
	if err := os.WriteFile(filepath.Join("testdata", name+".md"), []byte(head+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
