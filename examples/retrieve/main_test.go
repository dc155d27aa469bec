package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/examples/internal/sheet"
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
	if err != nil || strings.Count(out, " phantom") != 2 || !strings.Contains(out, "wrote "+picture) {
		t.Fatalf("%s, error %v", out, err)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := png.Decode(f); err != nil || m.Bounds().Dx() != sheet.Gap+2*(sheet.Side+sheet.Gap) {
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

// Without arguments films are synthetic, and the first is asked for.
func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := call(t)
	if err != nil || strings.Count(out, " phantom") != 3 || strings.Contains(out, "phantom0") || !strings.HasSuffix(out, "wrote retrieved.png\n") {
		t.Errorf("%s, error %v", out, err)
	}
}

// A film that cannot be read is named and passed over.
func TestBadFilmsArePassedOver(t *testing.T) {
	dir := t.TempDir()
	for i := range uint64(3) {
		film := phantom.Film{Seed: i, Anatomy: i, Size: 256}
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".dcm"), film.DICOM(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.dcm"), []byte("no film"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	err := run(t.Context(), []string{"-out", filepath.Join(t.TempDir(), "p.png"), dir}, &out, &errs)
	if err != nil || strings.Count(out.String(), ".dcm\n") != 2 || !strings.Contains(errs.String(), "bad.dcm") || !strings.Contains(errs.String(), "1 film could not be read") {
		t.Errorf("%s%s, error %v", &out, &errs, err)
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"both -text and -like":   {"-text", "a", "-like", "b"},
		"-k 0, want 1 or more":   {"-k", "0"},
		"there is no folder":     {"-out", "none/p.png"},
		"no film could be read":  {"-like", "main.go"},
		"knows no texts":         {"-protocol", "v1", "-text", "a"},
		"no such folder or file": {"-like", "none.dcm"},
	} {
		if out, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %s, error %v, want %q", args, out, err, want)
		}
	}
}
