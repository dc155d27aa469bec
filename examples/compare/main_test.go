package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/embed/store"
)

func call(t *testing.T, args ...string) (string, string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), err
}

func isPNG(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
}

// Without arguments films are real ones, and the encoder is better than random
// weights and pixels.
func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	out, errs, err := call(t, "-finding", "abnormal,Edema", "-repeats", "1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"484 films of 341 patients, each seen by 3 encoders", "abnormal  cxrkit-mini-4", "Edema     pixels-32x32/1", "less cxrkit-mini-4", "wrote compare.png"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "random weights") && !strings.Contains(line, "  -0.") {
			t.Errorf("random weights are no worse: %s", line)
		}
	}
	if !strings.Contains(errs, "cross-validating: 15 of 15 heads") {
		t.Errorf("told %s", errs)
	}
	isPNG(t, "compare.png")
}

// Films are those that every encoder has seen, whether it is opened or its
// embeddings were kept.
func TestOwnFilms(t *testing.T) {
	dir := t.TempDir()
	cohort := phantom.Cohort{Patients: 40, Seed: 1, Difficulty: 0.1, Size: 64}
	films := cohort.FS()
	var table bytes.Buffer
	labels, err := films.Open(phantom.LabelsFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.ReadFrom(labels); err != nil {
		t.Fatal(err)
	}
	csv, images, kept := filepath.Join(dir, "labels.csv"), filepath.Join(dir, "films"), filepath.Join(dir, "kept")
	if err := os.WriteFile(csv, table.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(images, films); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kept, pixels.Embedder{}.Space().For(&cxr.Image{Recipe: cxr.Standard}), nil)
	if err != nil {
		t.Fatal(err)
	}
	first := cohort.Films()[0].ID + ".dcm"
	stored := 0
	err = embed.Run{Store: s}.Do(t.Context(), pixels.Embedder{}, dicomconv.New(nil).Files(films, "*/*.dcm"), func(film embed.Event) error {
		stored++
		return film.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(images, filepath.FromSlash(first))); err != nil {
		t.Fatal(err)
	}
	out, errs, err := call(t, "-images", images, "-labels", csv, "-finding", "effusion,cardiomegaly", "-repeats", "1", "-out", filepath.Join(dir, "c.png"), "pixels", kept)
	if err != nil {
		t.Fatalf("%s%s, error %v", out, errs, err)
	}
	if want := fmt.Sprintf("%d films of", stored-1); !strings.HasPrefix(out, want) || !strings.Contains(errs, "1 film not seen by all encoders: left out") {
		t.Errorf("want %s: %s\n%s", want, out, errs)
	}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[1] == "kept" && !strings.Contains(line, "+0.000 (+0.000 to +0.000)") {
			t.Errorf("the same features differ: %s", line)
		}
	}
	isPNG(t, filepath.Join(dir, "c.png"))
}

func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("l.csv", []byte("image_id,x\na,1\nb,0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"-labels is needed":                {"mini", "pixels"},
		"1 encoder given, want two":        {"-labels", "l.csv", "mini"},
		"an encoder needs -images":         {"-labels", "l.csv", "mini", "pixels"},
		"best: no such encoder, want mini": {"-labels", "l.csv", "best", "pixels"},
		"there is no folder none":          {"-out", "none/c.png"},
		`no finding "Hernia"`:              {"-finding", "Hernia"},
	} {
		if _, _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
