package network

import (
	little "encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// The inputs that once came out wrong, with what ONNX Runtime makes of them. Small
// equivalents of all of them are in testdata/corpus.zip.
const defects = "../../../shared/defects/onnx"

func model(t testing.TB, name string) *onnx.Model {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func values(t testing.TB, name string) []float32 {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(little.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}

type result struct {
	Dims []int
	Data []float32
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func defectFiles(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(defects, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("no ../shared/defects/onnx")
	}
	return names
}

// refusedDefects are the valid ones that are refused, with what the error says.
var refusedDefects = map[string]string{
	"06_bn15_train": "BatchNormalization \"BatchNormalization_a\": training mode",
	"06_bn7_5out":   "BatchNormalization \"BatchNormalization_a\": training mode",
}

func equalsDefect(t *testing.T, name string, in []float32, want result) {
	m := model(t, name)
	stem := strings.TrimSuffix(filepath.Base(name), ".onnx")
	if text := refusedDefects[stem]; text != "" {
		if _, err := Compile(m, Options{}); !errors.Is(err, cxr.ErrUnsupported) || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want %q", err, text)
		}
		return
	}
	for _, threads := range []int{1, 3} {
		got, p, err := run(m, Options{Threads: threads}, in)
		if err != nil {
			t.Fatal(err)
		}
		if text := differs(got, p.Output, want.Data, want.Dims, 1e-5); text != "" {
			t.Error(text)
		}
	}
}

func TestDefects(t *testing.T) {
	for _, name := range defectFiles(t, "*.onnx") {
		stem := strings.TrimSuffix(name, ".onnx")
		t.Run(filepath.Base(stem), func(t *testing.T) {
			var want result
			readJSON(t, stem+".out.json", &want)
			paths(t, func(t *testing.T) { equalsDefect(t, name, values(t, stem+".in"), want) })
		})
	}
}

// As newer exporters write.
func TestDynamoDefects(t *testing.T) {
	folder := filepath.Join(defects, "dynamo")
	names := defectFiles(t, "dynamo/*.onnx")
	tested := 0
	for results, input := range map[string]string{"ort.json": "x.bin", "ort_g5.json": "x_g5.bin"} {
		var all map[string]struct {
			Shape []int
			Data  []float32
		}
		readJSON(t, filepath.Join(folder, results), &all)
		in := values(t, filepath.Join(folder, input))
		for name, want := range all {
			tested++
			t.Run(name, func(t *testing.T) {
				paths(t, func(t *testing.T) { equalsDefect(t, filepath.Join(folder, name), in, result{want.Shape, want.Data}) })
			})
		}
	}
	if tested != len(names) {
		t.Errorf("%d of %d files tested", tested, len(names))
	}
}

// Whatever a file says, reading it takes little memory and time, and ends in an
// error that names the node.
func TestHostileDefects(t *testing.T) {
	for _, name := range defectFiles(t, "hostile/*.onnx") {
		t.Run(filepath.Base(name), func(t *testing.T) { refused(t, name) })
	}
}

func refused(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := compileWithin(t, data, Options{Width: 16, Height: 16}); err == nil {
		t.Error("taken")
	}
}

// compileWithin fails the test if to compile the data panics, or takes more than a
// second or 64 MiB.
func compileWithin(t *testing.T, data []byte, o Options) (*Program, *onnx.Model, error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	var p *Program
	m, err := onnx.Parse(data, nil)
	if err == nil {
		p, err = Compile(m, o)
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if size := after.TotalAlloc - before.TotalAlloc; size > 64<<20 || took > time.Second {
		t.Errorf("%d bytes and %v, error %v", size, took, err)
	}
	if err != nil && strings.Contains(err.Error(), "panic") {
		t.Error(err)
	}
	return p, m, err
}
