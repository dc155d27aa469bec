package input_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/examples/internal/input"
)

// ward makes a folder of films whose names do not tell what they are, and a zip
// file of the same.
func ward(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var dicom, picture, archive bytes.Buffer
	film := phantom.Film{Seed: 1, Size: 64}
	if err := film.Draw().WriteDICOM(&dicom, film, film.Encoding()); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(&archive)
	for name, data := range map[string][]byte{"b/2": dicom.Bytes(), "a/1.dcm": picture.Bytes(), "a/0.png": dicom.Bytes(), "c.txt": []byte("no film"), "a/.hidden": []byte("x"), ".git/1": []byte("x")} {
		path := filepath.Join(dir, "films", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "films.zip"), archive.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return dir
}

// read is the ids of the films of inputs, with an exclamation mark after those
// that fail. It looks at Len before each.
func read(t *testing.T, limit int, inputs []input.Input) []string {
	t.Helper()
	f := input.NewFilms(dicomconv.New(nil), limit, inputs)
	var ids []string
	for n := f.Len(); ; n-- {
		if f.Len() != n {
			t.Errorf("%d films to come, not %d", f.Len(), n)
		}
		m, err := f.Next(t.Context())
		var one *cxr.ItemError
		switch {
		case err == nil:
			ids = append(ids, m.ID)
		case errors.As(err, &one):
			ids = append(ids, one.ID+"!")
		case err == io.EOF:
			if err := f.Close(); err != nil || n != 0 {
				t.Errorf("at the end %d films to come, error %v", n, err)
			}
			return ids
		default:
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	dir := filepath.ToSlash(ward(t))
	for arg, want := range map[string]string{
		"films":                     "films/a/0.png films/a/1.dcm films/b/2 films/c.txt!",
		"./films/":                  "films/a/0.png films/a/1.dcm films/b/2 films/c.txt!",
		"films.zip":                 "films.zip/a/0.png films.zip/a/1.dcm films.zip/b/2 films.zip/c.txt!",
		"films/a/1.dcm":             "films/a/1.dcm",
		"films/[ab]":                "films/a/0.png films/a/1.dcm films/b/2",
		"films/*/[12]*":             "films/a/1.dcm films/b/2",
		"file://" + dir + "/films":  "file://D/films/a/0.png file://D/films/a/1.dcm file://D/films/b/2 file://D/films/c.txt!",
		"file://" + dir + "/*/a/1*": "file://D/films/a/1.dcm",
	} {
		inputs, err := input.Find(t.Context(), arg)
		if err != nil {
			t.Fatalf("%s: %v", arg, err)
		}
		want := strings.Fields(strings.ReplaceAll(want, "D", dir))
		if got := read(t, 0, inputs); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: films %v, want %v", arg, got, want)
		}
		for limit := 1; limit <= len(want); limit++ {
			if inputs, err = input.Find(t.Context(), arg); err != nil {
				t.Fatal(err)
			}
			if got := read(t, limit, inputs); !reflect.DeepEqual(got, want[:limit]) {
				t.Errorf("%s, at most %d: films %v", arg, limit, got)
			}
		}
	}
	for _, arg := range []string{"none", "films/*.none", "films/[", "gs://b/films.zip", "ftp://b"} {
		if _, err := input.Find(t.Context(), arg); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(arg, "/*.none")) {
			t.Errorf("%s: error %v", arg, err)
		}
	}
}

func TestList(t *testing.T) {
	ward(t)
	if err := os.WriteFile("list", []byte("# the ward\nfilms/b/2\n\n  films/a/*\nfilms.zip\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	find := func() []input.Input {
		inputs, err := input.List(t.Context(), "list")
		if err != nil {
			t.Fatal(err)
		}
		return inputs
	}
	want := []string{"films/b/2", "films/a/0.png", "films/a/1.dcm", "films.zip/a/0.png", "films.zip/a/1.dcm", "films.zip/b/2", "films.zip/c.txt!"}
	if got := read(t, 0, find()); !reflect.DeepEqual(got, want) {
		t.Errorf("films %v, want %v", got, want)
	}
	some, err := input.Only(find(), []string{"films.zip/c.txt", "films/a/1.dcm", "films/none/../a", "other"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, 0, some), []string{"films/a/1.dcm", "films.zip/c.txt!"}; !reflect.DeepEqual(got, want) {
		t.Errorf("films %v, want %v", got, want)
	}
}

// Films that are left early, and whose context ends.
func TestLeftEarly(t *testing.T) {
	ward(t)
	inputs, err := input.Find(t.Context(), "films.zip")
	if err != nil {
		t.Fatal(err)
	}
	f := input.NewFilms(dicomconv.New(nil), 0, inputs)
	if _, err := f.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Next(t.Context()); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
}

// A film that two inputs name is taken once.
func TestNamesInTwoInputs(t *testing.T) {
	ward(t)
	var inputs []input.Input
	for _, name := range []string{"films/b", "films/b/2"} {
		found, err := input.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, found...)
	}
	if got, want := read(t, 0, inputs), []string{"films/b/2", "films/b/2!"}; !reflect.DeepEqual(got, want) {
		t.Errorf("films %q, want %q", got, want)
	}
}
