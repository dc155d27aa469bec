package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// A cohort is a folder of synthetic films, and what they show.
type cohort struct {
	dir      string
	films    int
	effusion map[string]bool // by the film's path in the folder
}

// write writes films of so many patients into a folder. Ten of the patients of the
// first 40 films have an effusion.
func write(t testing.TB, patients int) cohort {
	t.Helper()
	c := cohort{dir: t.TempDir(), effusion: map[string]bool{}}
	for _, f := range (phantom.Cohort{Patients: patients, Seed: 1, Size: 160}).Films() {
		name := filepath.FromSlash(f.ID + ".dcm")
		path := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.DICOM(), 0o644); err != nil {
			t.Fatal(err)
		}
		c.effusion[f.ID+".dcm"] = f.Has[phantom.Effusion]
		c.films++
	}
	return c
}

// real is a film of ../shared, of which there is a copy of its own: who drops a film
// on the page drops it by a name that tells nothing.
func real(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "dicom", "chest", name))
	if os.IsNotExist(err) {
		t.Skip("no ../shared, whose real films this test drops on the page")
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dropped.dcm")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// private are the attributes of patient, study and site in a file that are long
// enough to be found again: names, numbers, dates and UIDs.
func private(t testing.TB, path string) (values []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dicom.Parse(bytes.NewReader(data), int64(len(data)), nil, dicom.SkipPixelData())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range set.Elements {
		person := e.Tag.Group == 0x0010 || e.Tag.Group == 0x0020 || e.Tag.Group == 0x0008 && (e.RawValueRepresentation == "DA" || e.RawValueRepresentation == "UI" || e.RawValueRepresentation == "PN" || e.RawValueRepresentation == "SH")
		texts, ok := e.Value.GetValue().([]string)
		if !person || !ok {
			continue
		}
		for _, v := range texts {
			v = strings.Trim(v, " \x00")
			if len(v) >= 6 && !strings.HasPrefix(v, "1.2.840.10008.") { // UIDs of DICOM itself name kinds of files
				values = append(values, v)
			}
		}
	}
	if len(values) == 0 {
		t.Fatal("the film has no attribute that could show")
	}
	return values
}

// hides fails if a text holds any of the values.
func hides(t testing.TB, what, text string, values []string) {
	t.Helper()
	for _, v := range values {
		if strings.Contains(text, v) {
			t.Errorf("%s holds an attribute of the patient's", what)
		}
	}
}
