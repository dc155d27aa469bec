package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
)

func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), err
}

// columns of a file, by commas, and its rows.
func columns(t *testing.T, name string) (string, int64) {
	t.Helper()
	r, err := file.OpenParquetFile(name, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var names []string
	for i := range r.MetaData().Schema.NumColumns() {
		names = append(names, r.MetaData().Schema.Column(i).ColumnPath()[0])
	}
	return strings.Join(names, ","), r.NumRows()
}

func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := call(t)
	if err != nil || !strings.HasSuffix(out, "wrote films.parquet: 484 films\n") {
		t.Fatalf("%s, error %v", out, err)
	}
	if got, n := columns(t, "films.parquet"); n != 484 || !strings.HasPrefix(got, "id,embedding,split,abnormal,") || !strings.HasSuffix(got, ",Infiltration_score") {
		t.Errorf("%d rows of %s", n, got)
	}
}

func TestOwnEmbeddings(t *testing.T) {
	dir := t.TempDir()
	d := headtest.Gaussian{Seed: 1, Films: 60, Dim: 4, Strength: 2, Findings: []string{"x"}}.Make()
	space := cxr.Space{Model: "gaussian", Recipe: "none/1", Tokens: 1, Dim: 4}
	s, err := store.Open(filepath.Join(dir, "e"), space, nil)
	if err != nil {
		t.Fatal(err)
	}
	table := "image_id,patient,view,x\n"
	for i, e := range d.Examples {
		key := embed.Key{ID: e.Embedding.ID, Content: strings.Repeat("0", 62) + string([]byte{'a' + byte(i/16), 'a' + byte(i%16%6)}), Space: space}
		if err := s.Put(t.Context(), key, e.Embedding); err != nil {
			t.Fatal(err)
		}
		table += e.Embedding.ID + ",p,PA," + map[head.Label]string{head.Positive: "1", head.Negative: "0"}[e.Labels[0]] + "\n"
	}
	labels, saved, out := filepath.Join(dir, "l.csv"), filepath.Join(dir, "x.cxrhead"), filepath.Join(dir, "f.parquet")
	h, err := head.Linear{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	var model bytes.Buffer
	if _, err := h.WriteTo(&model); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{labels: table, saved: model.String()} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--data_dir", filepath.Join(dir, "e"), "--labels_csv", labels, "--heads", saved, "--out", out}
	if text, err := call(t, append(args, "--patients", "--attributes", "view")...); err != nil {
		t.Fatalf("%s, error %v", text, err)
	}
	if got, n := columns(t, out); n != 60 || got != "id,embedding,split,patient,view,x,x_score" {
		t.Errorf("%d rows of %s", n, got)
	}
	if _, err := call(t, append(args, "--heads", labels)...); err == nil || !strings.Contains(err.Error(), "not a model file") {
		t.Errorf("a table as a head: error %v", err)
	}
}

func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	for want, args := range map[string][]string{
		"go together":             {"--data_dir", "e"},
		"go with --data_dir":      {"--heads", "h"},
		"there is no folder":      {"--out", "none/f.parquet"},
		`unexpected argument "e"`: {"e"},
	} {
		if _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
