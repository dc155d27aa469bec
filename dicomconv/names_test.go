package dicomconv_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

func named(uid, patient string) *fstest.MapFile {
	return &fstest.MapFile{Data: row(1, 2).Set(0x00080018, "UI", uid).Set(0x00100020, "LO", patient).Set(0x00180015, "CS", "CHEST").Bytes()}
}

// next is the films of a source: IDs, and the paths of what fails, by cause.
func next(t *testing.T, s cxr.Source) (ids []string, failed map[string]error) {
	t.Helper()
	failed = map[string]error{}
	for {
		m, err := s.Next(t.Context())
		var bad *cxr.ItemError
		switch {
		case err == io.EOF:
			return ids, failed
		case errors.As(err, &bad):
			failed[bad.Path] = bad
		case err != nil:
			t.Fatal(err)
		default:
			ids = append(ids, m.ID)
		}
	}
}

func TestFilmsAreNamedByOptionsID(t *testing.T) {
	key := []byte("key")
	o := &dicomconv.Options{PseudonymKey: key, ID: func(p string, info dicomconv.Info) string {
		if path.Ext(p) == ".skip" {
			return ""
		}
		return info.Format + "/" + info.BodyPart + "/" + info.Patient + "/" + info.Pseudonym
	}}
	fsys := fstest.MapFS{"a.dcm": named("2.25.7", "P1 "), "b.dcm": named("2.25.8", "P1"), "c.dcm": named("2.25.9", "P2"), "d.png": {Data: pngFile()}, "e.skip": named("2.25.10", ""), "f": {Data: []byte("text")}}
	ids, failed := next(t, dicomconv.New(o).Files(fsys))
	pseudonym := func(s string) string { return dicomconv.Pseudonym(key, s) }
	want := []string{
		"dicom/CHEST/" + pseudonym("P1") + "/" + pseudonym("2.25.7"), "dicom/CHEST/" + pseudonym("P1") + "/" + pseudonym("2.25.8"),
		"dicom/CHEST/" + pseudonym("P2") + "/" + pseudonym("2.25.9"), "png///",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("films %q, want %q", ids, want)
	}
	if len(failed) != 2 || failed["e.skip"] == nil || !errors.Is(failed["f"], cxr.ErrUnsupported) {
		t.Errorf("failed %v", failed)
	}
	if err := failed["f"]; strings.Contains(err.Error(), " f:") || !strings.Contains(err.Error(), pseudonym("f")) {
		t.Errorf("error %q, want one that names the pseudonym of the path alone", err)
	}
	info, err := dicomconv.New(o).Stat(bytes.NewReader(fsys["a.dcm"].Data))
	if err != nil || info.Patient != pseudonym("P1") {
		t.Errorf("patient %q, %v", info.Patient, err)
	}
	if info, _ := dicomconv.New(nil).Stat(bytes.NewReader(fsys["a.dcm"].Data)); info.Patient != "" {
		t.Errorf("patient %q without a key", info.Patient)
	}
}

// The second film of a name is not lost without a word.
func TestFilmsOfOneName(t *testing.T) {
	base := &dicomconv.Options{ID: func(p string, _ dicomconv.Info) string { return path.Base(p) }}
	keyed := &dicomconv.Options{PseudonymKey: []byte("key")}
	tests := []struct {
		name string
		o    *dicomconv.Options
		fsys fstest.MapFS
		want []string // paths of films that fail
	}{
		{"base names", base, fstest.MapFS{"day1/a.dcm": named("1", ""), "day2/a.dcm": named("2", ""), "day2/b.dcm": named("3", "")}, []string{"day2/a.dcm"}},
		{"base names, in capitals", base, fstest.MapFS{"1/a.DCM": named("1", ""), "2/A.dcm": named("2", "")}, []string{"2/A.dcm"}},
		{"paths, in capitals", nil, fstest.MapFS{"A/x.dcm": named("1", ""), "a/x.dcm": named("2", ""), "a/y.dcm": named("3", "")}, []string{"a/x.dcm"}},
		{"one instance twice", keyed, fstest.MapFS{"a.dcm": named("1.2", ""), "copy.dcm": named("1.2", "")}, []string{"copy.dcm"}},
		{"paths", nil, fstest.MapFS{"a/x.dcm": named("1", ""), "b/x.dcm": named("1", "")}, nil},
	}
	for _, test := range tests {
		ids, failed := next(t, dicomconv.New(test.o).Files(test.fsys))
		if len(ids)+len(test.want) != len(test.fsys) || len(failed) != len(test.want) {
			t.Errorf("%s: films %q, failed %v", test.name, ids, failed)
		}
		for _, p := range test.want {
			if !errors.Is(failed[p], cxr.ErrDuplicate) {
				t.Errorf("%s: %s: error %v, want one that is cxr.ErrDuplicate", test.name, p, failed[p])
			}
		}
	}
}

// locked is a file system with a folder that cannot be listed.
type locked struct{ fstest.MapFS }

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "films/locked" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

func TestAFolderThatCannotBeListedIsOneFailure(t *testing.T) {
	fsys := locked{fstest.MapFS{"films/a.dcm": named("1", ""), "films/locked/b.dcm": named("2", ""), "films/z.dcm": named("3", "")}}
	for _, pattern := range []string{"films", "."} {
		ids, failed := next(t, dicomconv.New(nil).Files(fsys, pattern))
		if !slices.Equal(ids, []string{"films/a.dcm", "films/z.dcm"}) || !errors.Is(failed["films/locked"], fs.ErrPermission) {
			t.Errorf("films %q, failed %v", ids, failed)
		}
	}
}

func TestNamesThatAreNotUTF8AreFailures(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.dcm", "b\xff.dcm"} {
		if err := os.WriteFile(dir+"/"+name, row8(1).Bytes(), 0o666); err != nil {
			t.Skip("the file system takes no such names")
		}
	}
	if err := os.MkdirAll(dir+"/c\xfe/d", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/z.dcm", row8(1).Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	ids, failed := next(t, dicomconv.New(nil).Files(os.DirFS(dir)))
	if !slices.Equal(ids, []string{"a.dcm", "z.dcm"}) || failed["b\xff.dcm"] == nil || failed["c\xfe"] == nil || len(failed) != 2 {
		t.Errorf("films %q, failed %v", ids, failed)
	}
}

// A file system whose second file never opens, and whose third is never read to
// its end.
type stuck struct {
	fstest.MapFS
	opening, reading chan struct{}
	reads            atomic.Int32
}

func (s *stuck) Open(name string) (fs.File, error) {
	switch name {
	case "b":
		<-s.opening
	case "c":
		f, err := s.MapFS.Open(name)
		return slowFile{f, s}, err
	}
	return s.MapFS.Open(name)
}

type slowFile struct {
	fs.File
	s *stuck
}

func (f slowFile) Read(b []byte) (int, error) {
	if f.s.reads.Add(1) == 1 {
		close(f.s.reading)
	}
	time.Sleep(time.Millisecond)
	b[0] = 8 // a data set, perhaps
	return 1, nil
}

func TestCloseWaitsForNoOpen(t *testing.T) {
	s := &stuck{MapFS: fstest.MapFS{"a": named("1", ""), "b": named("2", "")}, opening: make(chan struct{}), reading: make(chan struct{})}
	films := dicomconv.New(nil).Files(s, "a", "b")
	if _, err := films.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- films.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for a file to open")
	}
	close(s.opening)
}

func TestCloseEndsReading(t *testing.T) {
	s := &stuck{MapFS: fstest.MapFS{"c": named("1", "")}, reading: make(chan struct{})}
	films := dicomconv.New(nil).Files(s, "c")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.reading
		cancel()
	}()
	if _, err := films.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- films.Close() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for a file that does not end")
	}
}

// What a damaged file has in the places of tags and lengths can be anything.
func TestErrorsOfDamagedFilesRepeatNothing(t *testing.T) {
	good := row(1, 2, 3, 4).Set(0x00100010, "PN", "QUUX^ZOE").Set(0x00100020, "LO", "QUUX1234").Bytes()
	name := []byte("QUUX^ZOEQUUX1234")
	encodings := func(b []byte) (all []string) { // as text, and as numbers that a message may print
		for i := 0; i+4 <= len(b); i++ {
			w, v := uint32(b[i])|uint32(b[i+1])<<8, uint32(b[i])|uint32(b[i+1])<<8|uint32(b[i+2])<<16|uint32(b[i+3])<<24
			all = append(all, string(b[i:i+4]), hex16(w), decimal32(v), decimal32(uint32(b[i])<<24|uint32(b[i+1])<<16|uint32(b[i+2])<<8|uint32(b[i+3])))
		}
		return all
	}
	secrets := encodings(name)
	for at := 132; at < len(good); at++ {
		damaged := slices.Concat(good[:at], name, good[at:])
		replaced := append(slices.Clone(good[:at]), name...)
		for _, b := range [][]byte{damaged, replaced, good[:at]} {
			_, err := dicomconv.New(nil).Normalize(bytes.NewReader(b))
			if err == nil {
				continue
			}
			for _, s := range secrets {
				if strings.Contains(err.Error(), s) {
					t.Fatalf("cut or damaged at byte %d: error %q has %q", at, err, s)
				}
			}
		}
	}
}

func hex16(v uint32) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[v>>12&15], digits[v>>8&15], digits[v>>4&15], digits[v&15]})
}

func decimal32(v uint32) string {
	var b []byte
	for ; v > 0; v /= 10 {
		b = append([]byte{byte('0' + v%10)}, b...)
	}
	return string(b)
}
