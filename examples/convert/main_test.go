package main

import (
	"archive/zip"
	"bytes"
	"context"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
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
			`in/sub/1.2.3: small/1.2.3.png, 2 x 1, 16 bits
in/sub/lateral.dcm: small/lateral.png, 2 x 1, 16 bits
in/sub/lateral.dcm: another film has the same ID: small/lateral.png
`},
		{"scaled down", "-size 2 -out less in/a.dcm", 0, "in/a.dcm: less/a.png, 2 x 1, 16 bits\n"},
		{"scaled to a shape", "-size 3x1 -out shape in/a.dcm", 0, "in/a.dcm: shape/a.png, 3 x 1, 16 bits\n"},
		{"not enlarged to a shape", "-size 3x5 -out shape good", 1, "good/b.dcm: smaller than asked for: 2 x 1 pixels cannot be scaled down to 3 x 5\n"},
		{"eight bits", "-depth 8 -out eight good", 0, "good/b.dcm: eight/b.png, 2 x 1, 8 bits\n"},
		{"a modality", "-modality CR,mg -out cr good", 1, "good/b.dcm: modality not wanted: the file's is DX, want one of [\"CR\" \"MG\"]\n"},
		{"a body part", "-bodypart chest -out chest good", 1, "good/b.dcm: body part not wanted: the file's is not told, want one of [\"CHEST\"]\n"},
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

// Without arguments films are synthetic.
func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	status, out, errs := convert(false)
	if status != 0 || strings.Count(out, ".dcm: png") != 6 || !strings.Contains(errs, "these are synthetic") {
		t.Errorf("status %d, %s%s", status, out, errs)
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
		{"-checksum", 2, "convert: no folder, zip, film or pattern given\n"},
		{"-recipe best in", 2, "convert: recipe \"best\", want standard, upstream, haidef or medsiglip\n"},
		{"-views all in", 2, "convert: views \"all\", want frontal or any\n"},
		{"-size 0 in", 2, "convert: size \"0\", want a number of pixels up to 16384\n"},
		{"good -views any", 2, "convert: -views after a film: flags go before films and folders\n"},
		{"-depth 12 good", 2, "convert: depth 12, want 8 or 16\n"},
		{"-depth 8 -recipe upstream good", 2, "convert: depth 8: recipe upstream has a depth of its own\n"},
		{"-out good/b.dcm good", 2, "convert: folder for the PNG files: mkdir good/b.dcm: not a directory\n"},
		{"-report nowhere/x.csv good", 2, ""},
		{"-key good/none good", 2, "convert: key: open good/none: no such file or directory\n"},
		{"-key in/text.dcm good", 2, "convert: key in in/text.dcm of 7 bytes, want 16 or more: shorter ones can be guessed\n"},
		{"nowhere", 1, "convert: nowhere: no such folder or file\n"},
		{"no*where", 1, "convert: no*where: no such folder or file\n"},
		{"empty", 1, "convert: empty: no files\n"},
	}
	for _, test := range tests {
		status, out, errs := convert(false, strings.Fields(test.args)...)
		if status != test.status || test.want != "" && errs != test.want || out != "" {
			t.Errorf("%q: status %d, %q, want %d, %q; lines %q", test.args, status, errs, test.status, test.want, out)
		}
	}
}

func TestABarOnTheTerminalOnly(t *testing.T) {
	films(t)
	if _, out, errs := convert(true, "-checksum", "in"); !strings.Contains(errs, "films/") || strings.Contains(out, "films") {
		t.Errorf("lines %q, bar %q", out, errs)
	}
	if _, _, errs := convert(false, "-checksum", "good"); errs != "" {
		t.Errorf("bar %q where nobody watches", errs)
	}
}

// Nothing that is there is overwritten: neither a film that was read nor the
// picture of another one.
func TestNothingIsOverwritten(t *testing.T) {
	films(t)
	m := image.NewGray(image.Rect(0, 0, 3, 2))
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"same", "other"} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		m.Pix[0]++
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/x.png", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		b.Reset()
	}
	before, err := os.ReadFile("same/x.png")
	if err != nil {
		t.Fatal(err)
	}
	status, out, _ := convert(false, "-out", "same", "same")
	if after, err := os.ReadFile("same/x.png"); status != 1 || err != nil || !bytes.Equal(before, after) || !strings.Contains(out, "the PNG file is there already, and is another picture: same/x.png") {
		t.Errorf("status %d, lines %s", status, out)
	}
	if status, out, _ := convert(false, "-out", "new", "same"); status != 0 {
		t.Errorf("status %d, lines %s", status, out)
	}
	if status, out, _ := convert(false, "-out", "new", "same"); status != 0 { // again
		t.Errorf("status %d, lines %s", status, out)
	}
	before, _ = os.ReadFile("new/x.png")
	if status, out, _ := convert(false, "-out", "new", "other"); status != 1 {
		t.Errorf("status %d, lines %s", status, out)
	}
	if after, _ := os.ReadFile("new/x.png"); !bytes.Equal(before, after) {
		t.Error("another film's picture is overwritten")
	}
}

func TestReportAndReasons(t *testing.T) {
	films(t)
	status, _, errs := convert(false, "-checksum", "-report", "failures.csv", "in")
	if want := "convert: 2 of 4 films could not be converted: 1 not a frontal view, 1 not supported\n"; status != 1 || errs != want {
		t.Errorf("status %d, %q, want %q", status, errs, want)
	}
	b, err := os.ReadFile("failures.csv")
	want := `path,step,reason,error
in/sub/lateral.dcm,decode,not a frontal view,not a frontal view: view position is lateral
in/text.dcm,decode,not supported,"not supported: not a DICOM, PNG, JPEG or TIFF file"
`
	if err != nil || string(b) != want {
		t.Errorf("report %s, %v, want %s", b, err, want)
	}
}

// Names of films and patients are pseudonyms, which only the lines tell.
func TestPseudonyms(t *testing.T) {
	films(t)
	const key = "0123456789abcdef"
	if err := os.WriteFile("key", []byte(key+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	film := func(uid, patient string) {
		t.Helper()
		f := dicomtest.Film(1, 2).Set(0x00080018, "UI", uid).Set(0x00100020, "LO", patient)
		if err := os.WriteFile("good/"+uid+".dcm", f.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	film("2.25.5", "P1")
	film("2.25.6", "P1")
	p := func(s string) string { return dicomconv.Pseudonym([]byte(key), s) }
	status, out, errs := convert(false, "-key", "key", "good")
	want := "good/2.25.5.dcm: png/" + p("P1") + "/" + p("2.25.5") + ".png, 2 x 1, 16 bits\ngood/2.25.6.dcm: png/" + p("P1") + "/" + p("2.25.6") +
		".png, 2 x 1, 16 bits\ngood/b.dcm: png/" + p("2.25.1") + ".png, 2 x 1, 16 bits\n"
	if status != 0 || out != want {
		t.Errorf("status %d, lines %s, want %s; %s", status, out, want, errs)
	}
	if status, out, _ := convert(false, "-key", "key", "-out", "more", "in/text.dcm"); status != 1 || !strings.HasPrefix(out, "in/text.dcm: ") {
		t.Errorf("status %d, lines %s", status, out)
	}
}

func TestNamesCannotForgeLines(t *testing.T) {
	films(t)
	name := "good/a\x1b[2J\nb.dcm: fine"
	if err := os.WriteFile(name, []byte("no film"), 0o666); err != nil {
		t.Skip("the file system takes no such names")
	}
	_, out, _ := convert(false, "-checksum", "good")
	if strings.Contains(out, "\x1b") || strings.Count(out, "\n") != 2 {
		t.Errorf("lines %q", out)
	}
}
