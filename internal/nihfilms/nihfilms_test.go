package nihfilms_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

// What is stored is of the encoders as they are: another digest asks for
// go run ./internal/tools/nihfilms.
func TestStoredFilmsAreOfTheseEncoders(t *testing.T) {
	encoder, err := mini.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	random, err := untrained.Mini()
	if err != nil {
		t.Fatal(err)
	}
	all, err := nihfilms.Datasets()
	if err != nil {
		t.Fatal(err)
	}
	standard := &cxr.Image{Recipe: cxr.Standard}
	for k, e := range []embed.Embedder{encoder, random, pixels.Embedder{}} {
		if err := e.Space().For(standard).Match(all[k].Examples[0].Embedding.Space); err != nil {
			t.Errorf("stored films are of another encoder: run go run ./internal/tools/nihfilms: %v", err)
		}
	}
}

// The films are those that Source tells of, and nothing tells who they are.
func TestFilms(t *testing.T) {
	all, err := nihfilms.Datasets(nihfilms.Abnormal)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		positives, negatives, err := d.Classes(0)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Examples) != 484 || len(d.Patients()) != 341 || len(positives) != 233 || len(negatives) != 251 {
			t.Errorf("%d films of %d patients, %d and %d", len(d.Examples), len(d.Patients()), len(positives), len(negatives))
		}
		for i, e := range d.Examples {
			if e.Patient != all[0].Examples[i].Patient || !strings.HasPrefix(e.Embedding.ID, "film") || e.Labels[0] != all[0].Examples[i].Labels[0] {
				t.Fatalf("film %d: %q of %q", i, e.Embedding.ID, e.Patient)
			}
		}
	}
	if _, err := nihfilms.Datasets("Hernia"); err == nil {
		t.Error("films of a finding that there is none of")
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	table := &nihfilms.Table{Findings: []string{"x"}, Spaces: []cxr.Space{{Model: "a", Tokens: 1, Dim: 2}, {Model: "b", Tokens: 1, Dim: 1}}, Films: []nihfilms.Film{
		{Patient: 2, Width: 3, Height: 4, Positive: []bool{true}}, {Patient: 1, Width: 3, Height: 4, Positive: []bool{false}},
	}}
	var file bytes.Buffer
	if err := nihfilms.Write(&file, table, [][][]float32{{{0.5, -2}, {1, 65504}}, {{3}, {4}}}); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	all, err := nihfilms.Read(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if e := all[0].Examples[1]; e.Embedding.Values[1] != 65504 || e.Patient != "patient001" || e.Labels[0] != head.Negative || all[1].Examples[0].Embedding.Values[0] != 3 || all[1].Examples[0].Embedding.Space.Model != "b" {
		t.Errorf("%+v", all)
	}
	for n := range whole {
		if _, err := nihfilms.Read(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes are accepted", n, len(whole))
		}
	}
}
