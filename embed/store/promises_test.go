package store_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/internal/npy"
)

// Films of equal pixels are all there, each under its id, whether they come in one
// run or in two.
func TestFilmsOfEqualPixelsAreAllKept(t *testing.T) {
	for _, format := range []store.Format{store.TFRecord, store.NPZ} {
		for _, apart := range []bool{false, true} {
			dir := t.TempDir()
			d := open(t, dir, &store.Options{Format: format})
			list := films(4)
			for i := range list {
				list[i].Pix = []uint16{7, 7}
			}
			list[3].ID = list[0].ID // the very same film again
			if apart {
				run(t, d, &sums{}, list[:1])
			}
			run(t, d, &sums{}, list)
			run(t, open(t, dir, &store.Options{Format: format}), &sums{}, list) // another process
			all, err := store.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, v := range all {
				ids = append(ids, v.ID)
			}
			slices.Sort(ids)
			if want := []string{list[0].ID, list[1].ID, list[2].ID}; !slices.Equal(ids, want) {
				t.Errorf("%v, apart %v: films %q, want %q", format, apart, ids, want)
			}
		}
	}
}

// Two films of one base name: the second is refused, in one run and in two, also
// where they differ only in case. Numbers of UIDs are no extensions.
func TestBaseNames(t *testing.T) {
	for name, test := range map[string]struct {
		ids    []string
		failed int
	}{
		"one name in two folders":           {[]string{"a/film.dcm", "b/film.dcm"}, 1},
		"capitals":                          {[]string{"a/film.dcm", "b/FILM.dcm"}, 1},
		"another extension":                 {[]string{"a/film.dcm", "a/film.png"}, 1},
		"UIDs that end otherwise":           {[]string{"1.2.840.5", "1.2.840.6", "1.2.840.6.dcm"}, 1},
		"the same film once more":           {[]string{"a/film.dcm", "a/film.dcm"}, 0},
		"names that have nothing in common": {[]string{"a/film1.dcm", "a/film2.dcm"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list := films(len(test.ids))
			for i, id := range test.ids {
				list[i].ID = id
				if slices.Index(test.ids, id) < i {
					list[i].Pix = list[0].Pix
				}
			}
			for _, batch := range []int{1, len(list)} {
				d := open(t, t.TempDir(), &store.Options{BaseNames: true})
				failed := 0
				err := embed.Run{Store: d, Batch: batch}.Do(t.Context(), &sums{}, cxr.Images(list...), func(film embed.Event) error {
					if film.Err != nil {
						failed++
						if !errors.Is(film.Err, cxr.ErrDuplicate) {
							t.Errorf("error %v", film.Err)
						}
					}
					return nil
				})
				if err != nil || failed != test.failed {
					t.Errorf("batches of %d: %d films failed, want %d; error %v", batch, failed, test.failed, err)
				}
			}
		})
	}
}

func TestAFolderHasOneFormat(t *testing.T) {
	dir := t.TempDir()
	run(t, open(t, dir, nil), &sums{}, films(2))
	if _, err := store.Open(dir, (&sums{}).Space(), &store.Options{Format: store.NPZ}); !errors.Is(err, cxr.ErrMismatch) || !strings.Contains(err.Error(), "the folder's files are tfrecord, want npz") {
		t.Errorf("npz into a folder of TFRecords: %v", err)
	}
}

func TestSpacesThatWouldNotComeBackAreRefused(t *testing.T) {
	for name, s := range map[string]cxr.Space{
		"a model that is not UTF-8": {Model: "m\xff", Tokens: 1, Dim: 1}, "no tokens": {Model: "m", Dim: 1}, "no features": {Model: "m", Tokens: 1},
	} {
		if _, err := store.Open(t.TempDir(), s, nil); !errors.Is(err, cxr.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A flipped bit in the id of an npz file is seen, as one in the numbers is.
func TestIDsHaveAChecksum(t *testing.T) {
	dir := t.TempDir()
	run(t, open(t, dir, &store.Options{Format: store.NPZ}), &sums{}, films(1))
	names, _ := filepath.Glob(filepath.Join(dir, "*.npz"))
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte("film0000.dcm"))
	for i := at; i < len(data); i++ {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		if v, err := store.ReadFS(fstest.MapFS{"x.npz": {Data: bad}}, "x.npz"); !errors.Is(err, cxr.ErrCorrupt) {
			t.Errorf("byte %d altered: %v, error %v", i, v, err)
		}
	}
}

// A small writer takes so many bytes.
type smallWriter struct{ left int }

func (w *smallWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// What an Add could not write is no archive, and Close says so.
func TestAnArchiveThatFailedDoesNotCloseWell(t *testing.T) {
	a := store.NewArchive(&smallWriter{300})
	var failed error
	for i := range 9 {
		v := &cxr.Embedding{ID: fmt.Sprint(i), Space: cxr.Space{Tokens: 1, Dim: 5000}, Values: make([]float32, 5000)}
		if err := a.Add(v); err != nil {
			failed = err
		}
	}
	if failed == nil || a.Close() == nil {
		t.Errorf("Add: %v, and Close gave no error", failed)
	}
}

// Files that others write in other ways are told apart from damaged ones.
func TestOtherPeoplesFiles(t *testing.T) {
	array := func(header string) []byte {
		b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)+1), 0)
		return append(append(b, header+"\n"...), make([]byte, 64)...)
	}
	npz := func(header string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("embedding.npy")
		if err != nil {
			t.Fatal(err)
		}
		w.Write(array(header))
		z.Close()
		return b.Bytes()
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte("record"))
	w.Close()
	for want, file := range map[string]struct {
		name string
		data []byte
	}{
		"in Fortran order":   {"a.npz", npz(`{'descr': '<f4', 'fortran_order': True, 'shape': (2, 8), }`)},
		"in big-endian":      {"a.npz", npz(`{'descr': '>f4', 'fortran_order': False, 'shape': (16,), }`)},
		"of Python objects":  {"a.npz", npz(`{'descr': '|O', 'fortran_order': False, 'shape': (16,), }`)},
		"of whole numbers":   {"a.npz", npz(`{'descr': '<i8', 'fortran_order': False, 'shape': (8,), }`)},
		"compressed by gzip": {"a.tfrecord", zipped.Bytes()},
	} {
		_, err := store.ReadFS(fstest.MapFS{file.name: {Data: file.data}}, file.name)
		if !errors.Is(err, cxr.ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// An archive that would be thousands of times its size is refused before it is.
func TestArchivesThatSwellAreRefused(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 4 {
		w, err := z.Create(fmt.Sprintf("%d.npy", i))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(npy.Array{Shape: []int{8 << 20}, Values: make([]float32, 8<<20)}.Append(nil))
	}
	z.Close()
	if _, err := store.ReadFS(fstest.MapFS{"a.npz": {Data: b.Bytes()}}, "a.npz"); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("%d bytes that become %d: %v", b.Len(), 128<<20, err)
	}
}

// A sparse file of many gigabytes costs nothing.
func TestSparseFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.npz", "a.tfrecord"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(8 << 30); err != nil {
			t.Skip("no sparse files here")
		}
		f.Close()
		if _, err := store.Read(filepath.Join(dir, name)); !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
