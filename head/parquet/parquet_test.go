package parquet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/parquet"
)

var update = flag.Bool("update", false, "write testdata/films.parquet, which testdata/read.py reads")

// halves is a head that gives x a score of half of the first value.
type halves []string

func (h halves) Findings() []string { return h }

func (h halves) Predict(e *cxr.Embedding) ([]float64, error) {
	if e.Values[0] > 100 {
		return nil, errors.New("too much")
	}
	return []float64{float64(e.Mean(nil)[0]) / 2}, nil
}

// films are three of two tokens of two values.
func films() *head.Dataset {
	d := &head.Dataset{Findings: []string{"x", "y z"}}
	labels := [][]head.Label{{head.Positive, head.Negative}, {head.Missing, head.Positive}, {head.Positive, head.Missing}}
	for i, l := range labels {
		v := float32(i)
		d.Examples = append(d.Examples, head.Example{
			Embedding: &cxr.Embedding{ID: fmt.Sprintf("a/film%d.dcm", i), Space: cxr.Space{Model: "m", Digest: "d", Recipe: "standard/1", Tokens: 2, Dim: 2}, Values: []float32{v, 1, v + 1, 3}},
			Labels:    l, Patient: []string{"p", "p", ""}[i], Split: []string{"train", "test", ""}[i], Attributes: map[string]string{"view": []string{"PA", "", "AP"}[i]},
		})
	}
	return d
}

var everything = &parquet.Options{Heads: []head.Head{halves{"x"}}, Patients: true, Attributes: []string{"view"}}

// The table is that which pandas, pyarrow and DuckDB were given, and they read what
// is in the films.
func TestOthersReadIt(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, films(), everything); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/films.parquet", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("testdata/films.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), kept) {
		t.Error("the file is not testdata/films.parquet: go test -update, then testdata/read.py")
	}
	text, err := os.ReadFile("testdata/read.json")
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Rows      []map[string]any
		Embedding string
		Metadata  map[string]string
		DuckDB    [][]any
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"id": "a/film0.dcm", "embedding": []any{0.5, 2.0}, "split": "train", "patient": "p", "view": "PA", "x": true, "y z": false, "x_score": 0.25},
		{"id": "a/film1.dcm", "embedding": []any{1.5, 2.0}, "split": "test", "patient": "p", "view": nil, "x": nil, "y z": true, "x_score": 0.75},
		{"id": "a/film2.dcm", "embedding": []any{2.5, 2.0}, "split": nil, "patient": nil, "view": "AP", "x": true, "y z": nil, "x_score": 1.25},
	}
	if !reflect.DeepEqual(read.Rows, want) {
		t.Errorf("pandas read %v", read.Rows)
	}
	if !strings.HasPrefix(read.Embedding, "fixed_size_list<") || !strings.Contains(read.Embedding, "float") || read.Metadata["model"] != "m" || read.Metadata["digest"] != "d" || read.Metadata["recipe"] != "standard/1" {
		t.Errorf("pyarrow read %s, %v", read.Embedding, read.Metadata)
	}
	if len(read.DuckDB) != 2 || math.Abs(read.DuckDB[0][1].(float64)-9.5/(5*math.Sqrt(4.25))) > 1e-6 || read.DuckDB[1][3] != 1.25 {
		t.Errorf("DuckDB read %v", read.DuckDB)
	}
}

// Patients and attributes are written only if asked for, and rows of many films in
// several groups.
func TestNothingIsWrittenUnasked(t *testing.T) {
	few := films()
	d := &head.Dataset{Findings: few.Findings}
	for i := range 1200 {
		e := few.Examples[i%3]
		v := *e.Embedding
		v.ID = fmt.Sprint(i)
		e.Embedding = &v
		d.Examples = append(d.Examples, e)
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, d, nil); err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var names []string
	for i := range r.MetaData().Schema.NumColumns() {
		names = append(names, r.MetaData().Schema.Column(i).ColumnPath()[0])
	}
	if got := strings.Join(names, ","); got != "id,embedding,split,x,y z" || r.NumRows() != 1200 {
		t.Errorf("columns %s, %d rows", got, r.NumRows())
	}
}

// A full disk is told, and what cannot be a table is refused by name.
func TestRefuses(t *testing.T) {
	var b bytes.Buffer
	for want, change := range map[string]func(d *head.Dataset, o *parquet.Options){
		"no films":              func(d *head.Dataset, o *parquet.Options) { d.Examples = nil },
		"film 1: ":              func(d *head.Dataset, o *parquet.Options) { d.Examples[1].Embedding.ID = "a/film0.dcm" },
		`two columns "x_score"`: func(d *head.Dataset, o *parquet.Options) { o.Heads = []head.Head{halves{"x"}, halves{"x"}} },
		`two columns "split"`:   func(d *head.Dataset, o *parquet.Options) { d.Findings[1] = "split" },
		"film 2: too much": func(d *head.Dataset, o *parquet.Options) {
			o.Heads, d.Examples[2].Embedding.Values[0] = []head.Head{halves{"x"}}, 101
		},
		"model \"other\", want \"m\"": func(d *head.Dataset, o *parquet.Options) { d.Examples[2].Embedding.Model = "other" },
	} {
		d, o := films(), &parquet.Options{}
		change(d, o)
		if err := parquet.Write(&b, d, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for room := range 12 {
		if err := parquet.Write(&full{room: room * 100}, films(), everything); err == nil || !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: error %v", room*100, err)
		}
	}
}

var errFull = errors.New("full")

// full is a disk with so much room.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}
