package board

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
)

// What is labeled is in the file at once, which the library reads, and is there
// again when the board is opened anew.
func TestLabelsAreKept(t *testing.T) {
	films, folder := folderOf(cohort(3)), NewMemory()
	b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder})
	if err := b.AddFinding("rib fracture, old"); err != nil {
		t.Fatal(err)
	}
	give(t, b, "rib fracture, old", Present, 0, 1)
	give(t, b, "rib fracture, old", Absent, 2)
	give(t, b, "rib fracture, old", Unsure, 3)
	give(t, b, "rib fracture, old", Present, 4)
	give(t, b, "rib fracture, old", None, 4)
	if s := b.Save(t.Context(), false); s.Error != "" || s.Revision != s.Labels {
		t.Fatal(s)
	}
	labels, err := head.ReadLabels(strings.NewReader(saved(t, folder)), &head.LabelOptions{Uncertain: head.UncertainMissing})
	if err != nil {
		t.Fatal(err)
	}
	want := []head.Label{head.Positive, head.Positive, head.Negative, head.Missing, head.Missing}
	if len(labels.Rows) != len(want) || labels.Findings[0] != "rib fracture, old" {
		t.Fatal(labels)
	}
	for i, l := range want {
		if labels.Rows[i].Labels[0] != l {
			t.Errorf("row %d: %v, want %v", i, labels.Rows[i].Labels[0], l)
		}
	}
	again := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder})
	got, _, err := again.Labels("rib fracture, old")
	if err != nil || !slices.Equal(got, []Value{Present, Present, Absent, Unsure, None, None}) {
		t.Error(got, err)
	}
}

// A table that was given is where labels begin; what was taken back stays so, and
// rows of films that are not here stay in the file.
func TestOwnLabelsComeBeforeATable(t *testing.T) {
	films, folder := folderOf(cohort(2)), NewMemory()
	given := table(t, "image_id,patient,split,effusion", "case000/film0.dcm,x,train,1", "case000/film1.dcm,x,train,0", "case001/film0.dcm,y,test,-1")
	b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder, Table: given})
	got, _, err := b.Labels("effusion")
	if err != nil || !slices.Equal(got, []Value{Present, Absent, Unsure, None}) {
		t.Fatal(got, err)
	}
	give(t, b, "effusion", None, 0)
	b.Save(t.Context(), false)

	fewer := folderOf(cohort(1))
	b = open(t, Options{Inputs: []Input{{FS: fewer}}, Folder: folder, Table: given})
	if got, _, _ = b.Labels("effusion"); !slices.Equal(got, []Value{None, Absent}) {
		t.Error("what was taken back is there again:", got)
	}
	give(t, b, "effusion", Present, 1)
	b.Save(t.Context(), false)
	if file := saved(t, folder); !strings.Contains(file, "case001/film0.dcm,p2,test,-1\n") {
		t.Errorf("the row of a film that is not here is lost:\n%s", file)
	}
	if splits := b.Splits(); !slices.Equal(splits, []string{"train"}) {
		t.Error(splits)
	}
}

func TestUndo(t *testing.T) {
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(3))}}})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	give(t, b, "x", Present, 0, 1, 2)
	give(t, b, "x", Absent, 1)
	for _, want := range [][]Value{{Present, Present, Present, None, None, None}, {None, None, None, None, None, None}} {
		if _, err := b.Undo("test"); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := b.Labels("x"); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if _, err := b.Undo("test"); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
	give(t, b, "x", Present, 0)
	if _, err := b.Undo("another"); !errors.Is(err, ErrNothing) {
		t.Error("one page undoes another's label:", err)
	}
}

// Two pages do not overwrite each other unknowingly.
func TestConflicts(t *testing.T) {
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(2))}}})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	_, seen := b.Findings()
	one := Change{Page: "one", Base: seen, Finding: "x", Films: []int{0, 1}, Value: Present}
	if _, _, err := b.Label(one); err != nil {
		t.Fatal(err)
	}
	two := Change{Page: "two", Base: seen, Finding: "x", Films: []int{1, 2}, Value: Absent}
	_, conflicts, err := b.Label(two)
	if !errors.Is(err, ErrConflict) || len(conflicts) != 1 || conflicts[0] != (Conflict{1, Present}) {
		t.Fatal(conflicts, err)
	}
	if got, _, _ := b.Labels("x"); got[2] != None {
		t.Error("half of a change was made")
	}
	two.Value = Present // what both say is no conflict
	if _, conflicts, err := b.Label(two); err != nil {
		t.Error(conflicts, err)
	}
	one.Films, one.Value = []int{0}, Absent // a page may change what it has changed, without reading it again
	if _, _, err := b.Label(one); err != nil {
		t.Error(err)
	}
	two.Films, two.Value = []int{0}, Unsure
	if _, two.Base = b.Findings(); true {
		if _, _, err := b.Label(two); err != nil {
			t.Error("a page that has seen the label cannot change it:", err)
		}
	}
	if _, err := b.Undo("one"); !errors.Is(err, ErrConflict) {
		t.Error("undo overwrites another page's label:", err)
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(1))}}})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change Change
		want   string
	}{
		"no finding": {Change{Finding: "y", Films: []int{0}}, ErrFinding.Error()},
		"no film":    {Change{Finding: "x"}, "no film to label"},
		"a number":   {Change{Finding: "x", Films: []int{0, 2}, Value: Present}, ErrNoFilm.Error()},
		"below 0":    {Change{Finding: "x", Films: []int{-1}, Value: Present}, ErrNoFilm.Error()},
		"a value":    {Change{Finding: "x", Films: []int{0}, Value: 4}, "label 4, want 0 to 3"},
	} {
		if _, _, err := b.Label(test.change); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if got, _, _ := b.Labels("x"); !slices.Equal(got, []Value{None, None}) {
		t.Error("a change that was refused was made in part:", got)
	}
	for _, name := range []string{"", "  ", "X", "patient", "Split", "image_id", "weight", "findings", "a\nb", "=SUM(1)", strings.Repeat("long", 20)} {
		if err := b.AddFinding(name); err == nil {
			t.Errorf("a finding may be called %q", name)
		}
	}
	for _, name := range []string{"pleural effusion", `a "b", c`, "Erguß", "x|y"} {
		if err := b.AddFinding(name); err != nil {
			t.Error(err)
		}
	}
}

// On a full disk labels stay, a message says why they are not kept, and they are kept
// as soon as there is space.
func TestAFullDiskLosesNothing(t *testing.T) {
	disk := &fullDisk{Memory: NewMemory()}
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(2))}}, Folder: disk})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	give(t, b, "x", Present, 0)
	b.Save(t.Context(), false)
	before := saved(t, disk)
	disk.set(true)
	give(t, b, "x", Present, 1)
	s := b.Save(t.Context(), false)
	if s.Error != LabelsFile+" cannot be written: no space left on device" || s.Revision >= s.Labels {
		t.Error(s)
	}
	if saved(t, disk) != before {
		t.Error("what was kept is gone")
	}
	if got, _, _ := b.Labels("x"); got[1] != Present {
		t.Error("the label is lost")
	}
	disk.set(false)
	if s := b.Save(t.Context(), false); s.Error != "" || s.Revision != s.Labels || !strings.Contains(saved(t, disk), "case000/film1.dcm,") {
		t.Error(s)
	}
}

// What another program has written is not overwritten unless somebody says so.
func TestForeignChanges(t *testing.T) {
	folder := NewMemory()
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(1))}}, Folder: folder})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	b.Save(t.Context(), false)
	const theirs = "image_id,x\ncase000/film0.dcm,0\n"
	folder.WriteFile(context.Background(), LabelsFile, []byte(theirs))
	give(t, b, "x", Present, 0)
	if s := b.Save(t.Context(), false); s.Error != ErrForeign.Error() || saved(t, folder) != theirs {
		t.Error(s, saved(t, folder))
	}
	if s := b.Save(t.Context(), true); s.Error != "" || saved(t, folder) == theirs {
		t.Error(s)
	}
}

// A file of labels that cannot be read is an error, and stays as it is.
func TestATornFileOfLabels(t *testing.T) {
	folder := NewMemory()
	folder.WriteFile(context.Background(), LabelsFile, []byte("image_id,patient,split,x\na,,,7\n"))
	_, err := Open(t.Context(), Options{Inputs: []Input{{FS: folderOf(cohort(1))}}, Folder: folder})
	if err == nil || !strings.Contains(err.Error(), `labels.csv: `) || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
}

// A finding without a label is kept too.
func TestAFindingWithoutLabels(t *testing.T) {
	films, folder := folderOf(cohort(1)), NewMemory()
	for _, label := range []bool{false, true} {
		b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder})
		name := map[bool]string{false: "x", true: "y"}[label]
		if err := b.AddFinding(name); err != nil {
			t.Fatal(err)
		}
		if label {
			give(t, b, "y", Absent, 0)
		}
		if s := b.Save(t.Context(), false); s.Error != "" {
			t.Fatal(s)
		}
	}
	b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder})
	if findings, _ := b.Findings(); !slices.Equal(findings, []string{"x", "y"}) {
		t.Error(findings)
	}
}

// The files tell of patients by number alone, and films of one share it: by what the
// table says, and by what the films say.
func TestPatients(t *testing.T) {
	films, folder := folderOf(cohort(3)), NewMemory()
	given := table(t, "image_id,patient,x", "case000/film0.dcm,Jane Doe,1", "case002/film0.dcm,John Doe,0")
	b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder, Table: given, Model: floor})
	settle(t, b)
	give(t, b, "x", Present, 1, 2, 3, 5)
	b.Save(t.Context(), false)
	want := "image_id,patient,split,x\n" +
		"case000/film0.dcm,p1,,1\ncase000/film1.dcm,p1,,1\ncase001/film0.dcm,p2,,1\ncase001/film1.dcm,p2,,1\ncase002/film0.dcm,p3,,0\ncase002/film1.dcm,p3,,1\n"
	if got := saved(t, folder); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	// Fewer films, and the others' numbers stay.
	delete(films, "case000/film0.dcm")
	delete(films, "case000/film1.dcm")
	b = open(t, Options{Inputs: []Input{{FS: films}}, Folder: folder, Model: floor})
	settle(t, b)
	give(t, b, "x", Absent, 0)
	b.Save(t.Context(), false)
	if got := saved(t, folder); !strings.Contains(got, "case001/film0.dcm,p2,,0\n") || !strings.Contains(got, "case000/film1.dcm,p1,,1\n") {
		t.Error(got)
	}
}

func TestMemory(t *testing.T) {
	m := NewMemory()
	for _, name := range []string{"a", "b/c", "b/d/e"} {
		if err := m.WriteFile(context.Background(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	err := fs.WalkDir(m, ".", func(name string, d fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil || !slices.Equal(names, []string{".", "a", "b", "b/c", "b/d", "b/d/e"}) {
		t.Error(names, err)
	}
	if err := m.WriteFile(context.Background(), "../x", nil); err == nil {
		t.Error("a file outside was written")
	}
	if _, err := m.Open("z"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
