package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), err
}

func TestByText(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "p.png")
	out, err := call(t, "-text", "large pleural effusion", "-k", "2", "-out", picture)
	if err != nil || strings.Count(out, " phantom") != 2 {
		t.Fatalf("%s, error %v", out, err)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := png.Decode(f); err != nil || m.Bounds().Dx() != gap+2*(tile+gap) {
		t.Errorf("picture: %v", err)
	}
}

// The film that is most like a film is that film.
func TestByFilm(t *testing.T) {
	dir := t.TempDir()
	film := phantom.Film{Seed: 4, Anatomy: 4, Size: 256}
	var b bytes.Buffer
	if err := film.Draw().WriteDICOM(&b, film, film.Encoding()); err != nil {
		t.Fatal(err)
	}
	query := filepath.Join(dir, "query.dcm")
	if err := os.WriteFile(query, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := call(t, "-like", query, "-out", filepath.Join(dir, "p.png"))
	if err != nil || !strings.Contains(out, "1.000 phantom4.dcm\n") {
		t.Errorf("%s, error %v", out, err)
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"one of -text and -like": {},
		"knows no texts":         {"-protocol", "v1", "-text", "a"},
		"no such folder or file": {"-like", "none.dcm"},
	} {
		if out, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %s, error %v, want %q", args, out, err, want)
		}
	}
}
