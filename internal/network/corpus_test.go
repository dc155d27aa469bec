package network

import (
	"archive/zip"
	little "encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// An example is a model of the corpus, and what ONNX Runtime makes of it for each
// batch; see testdata/corpus.py.
type example struct {
	data    []byte
	in      []float32 // of the film; nil: by the formula
	results map[int]result
}

var corpusFile = flag.String("corpus", "testdata/corpus.zip", "file that testdata/corpus.py wrote, for another seed or more graphs")

func corpus(t testing.TB) map[string]example { return examples(t, *corpusFile) }

func examples(t testing.TB, file string) map[string]example {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	read := func(f *zip.File) []byte {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	all := map[string]example{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, path.Ext(f.Name))
		e := all[name]
		switch data := read(f); path.Ext(f.Name) {
		case ".onnx":
			e.data = data
		case ".out":
			e.results = results(data)
		case ".in":
			for ; len(data) > 0; data = data[4:] {
				e.in = append(e.in, math.Float32frombits(little.LittleEndian.Uint32(data)))
			}
		}
		all[name] = e
	}
	return all
}

func results(data []byte) map[int]result {
	out := map[int]result{}
	word := func() uint32 {
		v := little.LittleEndian.Uint32(data)
		data = data[4:]
		return v
	}
	for len(data) > 0 {
		batch, r := int(word()), result{Dims: []int{}}
		for range word() {
			r.Dims = append(r.Dims, int(word()))
		}
		for range product(r.Dims) {
			r.Data = append(r.Data, math.Float32frombits(word()))
		}
		out[batch] = r
	}
	return out
}

// refusedExamples are those of the corpus that are refused by name, with what the
// error says.
var refusedExamples = map[string]string{
	"resize_floor_3_1.1": "changes no size", // and ONNX Runtime copies
	"resize_floor_3_1.3": "changes no size",
	"resize_floor_5_1.1": "changes no size",
}

// tolerance is of the rounding of float32, as a share of the spread of a result.
const tolerance = 2e-5

// Operators one by one, and small graphs, are what ONNX Runtime makes of them, on
// every kernel path, for one film and two, with one thread and three.
func TestCorpus(t *testing.T) {
	all := corpus(t)
	if len(all) < 1000 {
		t.Fatalf("%d models", len(all))
	}
	paths(t, func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if text := agrees(name, all[name]); text != "" {
				t.Errorf("%s: %s", name, text)
			}
		}
	})
}

func agrees(name string, e example) string {
	m, err := onnx.Parse(e.data, nil)
	if err != nil {
		return err.Error()
	}
	shape := m.Inputs[0].Shape
	for batch, want := range e.results {
		for _, threads := range []int{1, 3} {
			// Work is shared however little it is.
			got, p, err := run(m, Options{Films: batch, Threads: threads, shareAll: true}, formula(batch*product(shape[1:])))
			if refusal := refusedExamples[name]; refusal != "" {
				if !errors.Is(err, cxr.ErrUnsupported) || !strings.Contains(err.Error(), refusal) {
					return fmt.Sprintf("error %v, want %q", err, refusal)
				}
				continue
			}
			if err != nil {
				return fmt.Sprintf("batch %d, %d threads: %v", batch, threads, err)
			}
			if text := differs(got, p.Output, want.Data, want.Dims, tolerance); text != "" {
				return fmt.Sprintf("batch %d, %d threads: %s", batch, threads, text)
			}
		}
	}
	return ""
}
