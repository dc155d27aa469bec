package board

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
)

// Whatever is wrong with a file, it is told in a line, of that film alone.
func TestBadFilms(t *testing.T) {
	dir := t.TempDir()
	good := cohort(2)
	film := good[0].DICOM()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a_good.dcm", film)
	write("b_text.dcm", []byte("this is no film\n"))
	write("c_cut.dcm", film[:len(film)/2])
	write("d_gone.dcm", film)
	write("e_large.dcm", film)
	if err := os.Truncate(filepath.Join(dir, "e_large.dcm"), 2<<30); err != nil { // with a hole, which takes no space
		t.Fatal(err)
	}
	write("labels.csv", []byte("no film\n"))
	b := open(t, Options{Inputs: []Input{{FS: os.DirFS(dir)}}})
	if b.Len() != 5 {
		t.Fatalf("%d films", b.Len())
	}
	if err := os.Remove(filepath.Join(dir, "d_gone.dcm")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", cxr.ErrUnsupported.Error(), "truncated", "its file is no longer there", cxr.ErrTooLarge.Error()} {
		_, err := b.Thumb(t.Context(), i)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("film %d: %v, want %q", i, err, want)
		}
		f, _ := b.Film(i)
		if (f.State == Failed) != (want != "") || !strings.Contains(f.Problem, want) {
			t.Errorf("film %d: %+v", i, f)
		}
		if err != nil && (strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "DOE")) {
			t.Errorf("told too much: %v", err)
		}
	}
	_, shown, err := b.Sheet(t.Context(), []int{0, 1, 4, 0})
	if err != nil || fmt.Sprint(shown) != "[true false false true]" {
		t.Error(shown, err)
	}
}

// A folder that vanishes while films are embedded leaves those that are embedded,
// and an end.
func TestAFolderThatVanishes(t *testing.T) {
	dir := t.TempDir()
	for i, f := range cohort(4) {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".dcm")), f.DICOM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Inputs: []Input{{FS: os.DirFS(dir), Prefix: "films/"}}, Model: floor}
	if err := os.RemoveAll(dir + "/x"); err != nil {
		t.Fatal(err)
	}
	b := open(t, o)
	settle(t, b)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), 3, nil); err == nil || err.Error() != errGone.Error() {
		t.Error(err)
	}
	if _, err := b.Thumb(t.Context(), 3); err != nil { // it was made before
		t.Error(err)
	}
	if p := b.Progress(); p.Done != 8 {
		t.Error(p)
	}
	if _, err := Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "films: ") {
		t.Error("a board of a folder that is not there: ", err)
	}
	if _, err := Open(t.Context(), Options{Inputs: []Input{{FS: fstest.MapFS{}}}}); err == nil || err.Error() != "no films there" {
		t.Error(err)
	}
}

func TestThumbnailsAreBounded(t *testing.T) {
	const limit = 8 << 10
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(8))}}, Thumbs: limit})
	for i := range b.Len() {
		file, err := b.Thumb(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil || max(m.Bounds().Dx(), m.Bounds().Dy()) != ThumbSide {
			t.Fatal(err)
		}
		if b.thumbs.held > limit {
			t.Fatalf("%d bytes are held", b.thumbs.held)
		}
	}
	if b.thumbs.get(b.Len()-1) == nil || b.thumbs.get(0) != nil {
		t.Error("the last is not there, or the first still is")
	}
}

// A dropped film is kept under a name that its content makes, and is there again
// when the board is opened anew.
func TestDrop(t *testing.T) {
	disk := &fullDisk{Memory: NewMemory()}
	films := folderOf(cohort(1))
	b := open(t, Options{Inputs: []Input{{FS: films}}, Folder: disk, Model: floor})
	settle(t, b)
	more := cohort(2)[3].DICOM()
	disk.set(true)
	if _, err := b.Drop(t.Context(), bytes.NewReader(more)); err == nil || err.Error() != "the film cannot be kept: no space left on device" {
		t.Error(err)
	}
	disk.set(false)
	i, err := b.Drop(t.Context(), bytes.NewReader(more))
	f, _ := b.Film(i)
	if err != nil || i != 2 || !strings.HasPrefix(f.ID, "films/") || strings.Contains(f.ID, "DOE") {
		t.Fatal(i, f, err)
	}
	settle(t, b)
	if f, _ := b.Film(i); f.State != Embedded {
		t.Error(f)
	}
	if at, err := b.Drop(t.Context(), bytes.NewReader(more)); !errors.Is(err, ErrThere) || at != i {
		t.Error(at, err)
	}
	if _, err := b.Drop(t.Context(), strings.NewReader("no film")); !errors.Is(err, cxr.ErrUnsupported) {
		t.Error(err)
	}
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	give(t, b, "x", Present, i)
	b.Save(t.Context(), false)
	b = open(t, Options{Inputs: []Input{{FS: films}}, Folder: disk})
	at, ok := b.Find(f.ID)
	if got, _, err := b.Labels("x"); !ok || err != nil || got[at] != Present {
		t.Error(at, ok, err)
	}
}
