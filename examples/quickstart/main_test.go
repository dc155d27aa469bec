package main

import (
	"bytes"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// folder writes films of a few patients and a labels.csv with the given text.
func folder(t *testing.T, csv string, films ...phantom.Film) string {
	t.Helper()
	dir := t.TempDir()
	for _, film := range films {
		film.Size = 64
		if err := os.WriteFile(filepath.Join(dir, film.ID+".dcm"), film.DICOM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "labels.csv"), []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func two() []phantom.Film {
	return []phantom.Film{{ID: "a", Seed: 1, Anatomy: 1}, {ID: "b", Seed: 2, Anatomy: 2}}
}

// Whatever a user gets wrong, the answer is one line that says what.
func TestMistakesGetOneClearLine(t *testing.T) {
	tests := map[string]struct {
		csv   string
		films []phantom.Film
		args  []string // after -images DIR -labels DIR/labels.csv
		want  string   // in the error
	}{
		"wrong path":         {"image_id,x\na,1\n", nil, []string{"-images", "nowhere"}, "nowhere: no such file"},
		"wrong labels path":  {"image_id,x\na,1\n", nil, []string{"-labels", "nowhere.csv"}, "nowhere.csv: no such file"},
		"labels for nothing": {"image_id,x\nz,1\n", two(), nil, "none of 3 files has a label"},
		"no such finding":    {"image_id,x\na,1\n", two(), []string{"-finding", "y"}, `no finding "y"; the columns are "image_id", "x"`},
		"a label of 2":       {"image_id,x\na,2\nb,1\n", two(), []string{"-finding", "x"}, `line 2, column "x": label 2, want 0, 1, -1 or nothing`},
		"one class":          {"image_id,x\na,1\nb,1\n", two(), nil, `finding "x": 1 films with it and 0 without, want some of each`},
		"an argument":        {"image_id,x\na,1\n", nil, []string{"film.dcm"}, `unexpected argument "film.dcm"`},
		"labels alone":       {"image_id,x\na,1\n", nil, []string{"-images", ""}, "-images and -labels go together"},
		"a negative limit":   {"image_id,x\na,1\n", nil, []string{"-limit", "-1"}, "-limit is negative"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, test.csv, test.films...)
			args := append([]string{"-images", dir, "-labels", filepath.Join(dir, "labels.csv"), "-out", t.TempDir()}, test.args...)
			err := run(t.Context(), args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %q, want %q in it", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
		})
	}
	t.Run("an empty folder", func(t *testing.T) {
		dir := folder(t, "image_id,x\na,1\n")
		err := run(t.Context(), []string{"-images", t.TempDir(), "-labels", filepath.Join(dir, "labels.csv")}, io.Discard, io.Discard)
		if err == nil || !strings.HasSuffix(err.Error(), ": no files") {
			t.Errorf("error %v", err)
		}
	})
}

// A file that is no film is named with its reason, and the others go on.
func TestBadFilmsAreNamedAndPassed(t *testing.T) {
	csv := "image_id,patient,x\ntext,p0,1\n"
	var films []phantom.Film
	for i, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		films = append(films, phantom.Film{ID: id, Seed: uint64(i), Anatomy: uint64(i)})
		csv += id + ".dcm,p" + id + "," + string("01"[i%2]) + "\n"
	}
	dir := folder(t, csv, films...)
	if err := os.WriteFile(filepath.Join(dir, "text.dcm"), []byte("this is no film\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	out := t.TempDir()
	if err := run(t.Context(), []string{"-images", dir, "-labels", filepath.Join(dir, "labels.csv"), "-out", out}, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stdout.String(), "embedded 10 films, 1 failed") || !strings.Contains(stdout.String(), "split by patient\n") {
		t.Errorf("printed\n%s", &stdout)
	}
	if !strings.Contains(stderr.String(), "text.dcm: ") {
		t.Errorf("the text file is not named:\n%s", &stderr)
	}
	for _, name := range []string{rocFile, sheetFile} {
		f, err := os.Open(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
}
