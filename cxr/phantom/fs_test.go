package phantom

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCohortIsAFileSystem(t *testing.T) {
	c := Cohort{Patients: 3, Seed: 5, Size: 64}
	films := c.FS()
	names := []string{LabelsFile}
	for _, f := range c.Films() {
		names = append(names, f.ID+".dcm")
	}
	if err := fstest.TestFS(films, names...); err != nil {
		t.Fatal(err)
	}
	first := c.Films()[0]
	data, err := fs.ReadFile(films, first.ID+".dcm")
	if err != nil || !bytes.Equal(data, first.DICOM()) {
		t.Errorf("%d bytes of %s, error %v: not the film", len(data), first.ID, err)
	}
	table, err := fs.ReadFile(films, LabelsFile)
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	if err != nil || len(lines) != len(names) || lines[0] != "image_id,patient,effusion,opacity,cardiomegaly,pneumothorax" {
		t.Errorf("%d lines for %d films, error %v:\n%s", len(lines), len(names)-1, err, table)
	}
	for i, f := range c.Films() {
		want := f.ID + ".dcm," + f.Patient
		for _, has := range f.Has {
			want += map[bool]string{true: ",1", false: ",0"}[has]
		}
		if lines[i+1] != want {
			t.Errorf("line %q, want %q", lines[i+1], want)
		}
	}
}

func ExampleCohort_FS() {
	films := Cohort{Patients: 2, Seed: 4}.FS()
	names, err := fs.Glob(films, "*/*.dcm")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		fmt.Println(name)
	}
	// Output:
	// patient0001/film1.dcm
	// patient0001/film2.dcm
	// patient0002/film1.dcm
}
