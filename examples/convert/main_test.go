package main

import (
	"archive/zip"
	"bytes"
	"context"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/dicomtest"
)

// films makes the current folder one with films in it.
func films(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	film := func(v ...byte) []byte {
		return dicomtest.Film(1, len(v)).Bits(8, 8, false).Set(dicomtest.PixelData, "OB", v).Bytes()
	}
	lateral := dicomtest.Film(1, 2).Set(dicomtest.ViewPosition, "CS", "LL").Bytes()
	for name, b := range map[string][]byte{
		"in/a.dcm": film(0, 1, 2, 3), "in/sub/1.2.3": film(9, 9), "in/sub/lateral.dcm": lateral, "in/text.dcm": []byte("no film"), "good/b.dcm": film(7, 8),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("x/z.dcm")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(film(5))
	z.Close()
	if err := os.WriteFile("films.zip", b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

func convert(terminal bool, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs, terminal)
	return status, out.String(), errs.String()
}

func TestLines(t *testing.T) {
	films(t)
	tests := []struct {
		name   string
		args   string
		status int
		want   string
	}{
		{"sums of bytes by upstream", "-checksum -recipe upstream good", 0, // printf '\007\010' | sha256sum
			"bd7c250566c6e99f47c174b589b7551f8b0e930ed056511d1e8f653bc71d3c4a  good/b.dcm\n"},
		{"sums of words by standard, failures with their reason, in order of paths", "-checksum in", 1,
			`bd4dc1ab59e0dee8c965d817a17edf87a55a5e25dfc98e1519f54d1e5a52f9e3  in/a.dcm
8493100b11a2fe625bcf97fc313f83b580ba4fd2c016221009db93bfe184ee45  in/sub/1.2.3
-  in/sub/lateral.dcm: not a frontal view: view position is lateral
-  in/text.dcm: not supported: not a DICOM, PNG, JPEG or TIFF file
`},
		{"several arguments, a zip and a pattern among them", "-checksum -recipe upstream films.zip in/a*", 0,
			"e77b9a9ae9e30b0dbdb6f510a264ef9de781501d7b6b92ae89eb059c5ab743db  films.zip/x/z.dcm\n054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8  in/a.dcm\n"},
		{"files", "-out png in films.zip", 1,
			`in/a.dcm: png/a.png, 4 x 1, 16 bits
in/sub/1.2.3: png/sub/1.2.3.png, 2 x 1, 16 bits
in/sub/lateral.dcm: not a frontal view: view position is lateral
in/text.dcm: not supported: not a DICOM, PNG, JPEG or TIFF file
films.zip/x/z.dcm: png/x/z.png, 1 x 1, 16 bits
`},
		{"any view, scaled", "-views any -size 4 -out small in/sub in/sub/lateral.dcm", 1,
			`in/sub/1.2.3: small/1.2.3.png, 4 x 2, 16 bits
in/sub/lateral.dcm: small/lateral.png, 4 x 2, 16 bits
in/sub/lateral.dcm: another film has the same name
`},
		{"scaled to a shape", "-size 3x5 -out shape good", 0, "good/b.dcm: shape/b.png, 3 x 5, 16 bits\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := convert(false, strings.Fields(test.args)...)
			if status != test.status || out != test.want {
				t.Errorf("status %d, want %d; lines\n%s, want\n%s; %s", status, test.status, out, test.want, errs)
			}
		})
	}
}

func TestFilesAreWholeAndNothingElseIsWritten(t *testing.T) {
	films(t)
	convert(false, "-out", "png", "in")
	var names []string
	filepath.WalkDir("png", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, filepath.ToSlash(path))
		}
		return err
	})
	if want := []string{"png/a.png", "png/sub/1.2.3.png"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	f, err := os.Open("png/a.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil || m.Bounds().Dx() != 4 {
		t.Errorf("picture %v, error %v", m, err)
	}
}

func TestWrongCallsGetOneLine(t *testing.T) {
	films(t)
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args   string
		status int
		want   string
	}{
		{"", 2, "convert: no folder, zip, film or pattern given\n"},
		{"-recipe best in", 2, "convert: recipe \"best\", want standard, upstream, haidef or medsiglip\n"},
		{"-views all in", 2, "convert: views \"all\", want frontal or any\n"},
		{"-size 0 in", 2, "convert: size \"0\", want a number of pixels up to 16384\n"},
		{"nowhere", 1, "convert: nowhere: no such folder or file\n"},
		{"no*where", 1, "convert: no*where: no such folder or file\n"},
		{"empty", 1, "convert: empty: no files\n"},
	}
	for _, test := range tests {
		status, out, errs := convert(false, strings.Fields(test.args)...)
		if status != test.status || errs != test.want || out != "" {
			t.Errorf("%q: status %d, %q, want %d, %q; lines %q", test.args, status, errs, test.status, test.want, out)
		}
	}
}

func TestABarOnTheTerminalOnly(t *testing.T) {
	films(t)
	if _, out, errs := convert(true, "-checksum", "good"); !strings.Contains(errs, "films") || strings.Contains(out, "films") {
		t.Errorf("lines %q, bar %q", out, errs)
	}
	if _, _, errs := convert(false, "-checksum", "good"); errs != "" {
		t.Errorf("bar %q where nobody watches", errs)
	}
}
