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
// came out is written to testdata/exports.md.
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
		Batch1, Batch3 result
	}
	readJSON(t, stem+".json", &want)
	m, differences = model(t, stem+".onnx"), map[int]float64{}
	for films, w := range map[int]result{1: want.Batch1, 3: want.Batch3} {
		got, p, err := run(m, Options{Width: want.Side, Height: want.Side, Films: films}, formula(films*3*want.Side*want.Side))
		if err != nil {
			t.Fatal(err)
		}
		if text := differs(got, p.Output, w.Data, w.Dims, 1e-4); text != "" {
			t.Errorf("batch %d: %s", films, text)
		}
		steps, differences[films] = len(p.Steps), worst(got, w.Data)
		if !(differences[films] <= 1e-4) {
			t.Errorf("batch %d: %.2g of the spread", films, differences[films])
		}
	}
	return m, steps, differences
}

func writeExports(t *testing.T, rows []string) {
	const head = `# Exports of PyTorch against ONNX Runtime

What ` + "`exports.py`" + ` wrote (PyTorch 2.15.0, torchvision 0.29.2, timm 1.0.31; random weights and BatchNorm statistics; ONNX Runtime
1.32.0 without optimizations), run by ` + "`go test ./internal/network -run Exports -args -exports FOLDER -update`" + `. Differences are the largest
of a value, as a share of the spread of the output. Two exports fail in PyTorch itself: eva02_tiny by torchscript, beit_base by dynamo.

| network | exporter | opset | nodes | steps | batch 1 | batch 3 |
|---|---|---|---|---|---|---|
`
	if err := os.WriteFile("testdata/exports.md", []byte(head+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
