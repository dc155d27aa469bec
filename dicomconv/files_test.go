package dicomconv_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// folder has films a00 ... a19 of one pixel, whose value is their number, a bad
// one among them, and other files.
func folder() fstest.MapFS {
	fsys := fstest.MapFS{
		"films/.hidden":        {Data: []byte("x")},
		"films/.git/a":         {Data: []byte("x")},
		"films/sub/notes.dcm":  {Data: []byte("only text")},
		"films/sub/no suffix":  {Data: pngFile()},
		"other/[odd] name.dcm": {Data: row8(9).Bytes()},
	}
	for i := range 20 {
		fsys[fmt.Sprintf("films/a%02d.dcm", i)] = &fstest.MapFile{Data: row8(byte(i)).Bytes()}
	}
	return fsys
}

func pngFile() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// drain reads a source to its end and tells what came: IDs, failed ones with a
// minus.
func drain(t *testing.T, s cxr.Source) []string {
	t.Helper()
	var ids []string
	for {
		m, err := s.Next(t.Context())
		var bad *cxr.ItemError
		switch {
		case err == io.EOF:
			return ids
		case errors.As(err, &bad):
			ids = append(ids, "-"+bad.ID)
		case err != nil:
			t.Fatal(err)
		default:
			ids = append(ids, m.ID)
		}
	}
}

func TestFilesComeInOrderOfTheirPaths(t *testing.T) {
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("films/a%02d.dcm", i))
	}
	all = append(all, "films/sub/no suffix", "-films/sub/notes.dcm")
	tests := []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"no pattern is all", nil, append(slices.Clone(all), "other/[odd] name.dcm")},
		{"a folder", []string{"films"}, all},
		{"a file, twice", []string{"films/a07.dcm", "films/a07.dcm"}, []string{"films/a07.dcm"}},
		{"a glob", []string{"films/a1[2-4].dcm"}, all[12:15]},
		{"a name that looks like a glob", []string{"other/[odd] name.dcm"}, []string{"other/[odd] name.dcm"}},
		{"a glob that hidden files match too", []string{"films/*"}, all},
		{"a glob of files in folders", []string{"*/*/*"}, all[20:]},
		{"a glob of hidden files", []string{"films/.h*"}, []string{"-films/.hidden"}},
		{"a glob of folders, and a file before", []string{"films/s*", "films/a00.dcm"}, []string{all[0], all[20], all[21]}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := drain(t, dicomconv.New(nil).Files(folder(), test.patterns...)); !slices.Equal(got, test.want) {
				t.Errorf("films %q, want %q", got, test.want)
			}
		})
	}
}

func TestFilesReadsArchives(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"z.dcm", "a/b.dcm"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(row8(1).Bytes())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := drain(t, dicomconv.New(nil).Files(r)), []string{"a/b.dcm", "z.dcm"}; !slices.Equal(got, want) {
		t.Errorf("films %q, want %q", got, want)
	}
}

func TestFilesWithNothingToReadSaySo(t *testing.T) {
	for _, pattern := range []string{"nowhere", "films/b*", "films/a00.dcm/x"} {
		if _, err := dicomconv.New(nil).Files(folder(), pattern).Next(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v, want one that is fs.ErrNotExist", pattern, err)
		}
	}
	if _, err := dicomconv.New(nil).Files(folder(), "films/[").Next(t.Context()); err == nil || err == io.EOF {
		t.Errorf("a broken pattern: error %v", err)
	}
	if _, err := dicomconv.New(nil).Files(fstest.MapFS{}).Next(t.Context()); err != io.EOF {
		t.Errorf("an empty folder: error %v, want io.EOF", err)
	}
}

// A faulty file system fails one file on opening, another on reading.
type faulty struct{ fstest.MapFS }

var errFault = errors.New("disk on fire")

func (f faulty) Open(name string) (fs.File, error) {
	if name == "films/a03.dcm" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errFault}
	}
	file, err := f.MapFS.Open(name)
	if name == "films/a04.dcm" {
		return faultyFile{file}, err
	}
	return file, err
}

type faultyFile struct{ fs.File }

func (faultyFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "films/a04.dcm", Err: errFault}
}

func TestOneBadFileDoesNotEndTheStream(t *testing.T) {
	s := dicomconv.New(nil).Files(faulty{folder()}, "films/a0[2-5].dcm")
	for i, want := range []string{"", "read films/a03.dcm: disk on fire", "read films/a04.dcm: disk on fire", ""} {
		_, err := s.Next(t.Context())
		if got := fmt.Sprint(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("film %d: error %v, want %q", i+2, err, want)
		}
	}
}

func TestPseudonymsStandForPathsToo(t *testing.T) {
	key := []byte("key")
	c := dicomconv.New(&dicomconv.Options{PseudonymKey: key})
	for i, id := range drain(t, c.Files(folder(), "films/a00.dcm", "films/sub")) {
		want := []string{dicomconv.Pseudonym(key, "2.25.1"), dicomconv.Pseudonym(key, "films/sub/no suffix"), "-" + dicomconv.Pseudonym(key, "films/sub/notes.dcm")}[i]
		if id != want {
			t.Errorf("film %d: ID %s, want %s", i, id, want)
		}
	}
}

// counting counts how many files are open at once.
type counting struct {
	fs.FS
	open, most atomic.Int32
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, e := f.Stat(); e == nil && !info.IsDir() {
		n := c.open.Add(1)
		for m := c.most.Load(); n > m && !c.most.CompareAndSwap(m, n); m = c.most.Load() {
		}
		return countedFile{f, c}, nil
	}
	return f, nil
}

type countedFile struct {
	fs.File
	c *counting
}

func (f countedFile) Close() error { f.c.open.Add(-1); return f.File.Close() }

func TestFilesStopsWhenToldTo(t *testing.T) {
	before := runtime.NumGoroutine()
	fsys := &counting{FS: folder()}
	s := dicomconv.New(nil).Files(fsys, "films/a*")
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: error %v, want fs.ErrClosed", err)
	}
	if n := fsys.most.Load(); int(n) > runtime.GOMAXPROCS(0) {
		t.Errorf("%d files open at once, on %d processors", n, runtime.GOMAXPROCS(0))
	}
	if n := runtime.NumGoroutine(); n > before+1 { // one may be about to end
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestAllIsNextAsAnIterator(t *testing.T) {
	c := dicomconv.New(nil)
	var want, got []string
	s := c.Files(folder(), "films")
	for {
		m, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		want = append(want, fmt.Sprint(m, err))
	}
	for m, err := range c.Files(folder(), "films").All(t.Context()) {
		got = append(got, fmt.Sprint(m, err))
	}
	if len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("%d films %q, by Next %d %q", len(got), got, len(want), want)
	}
	left := c.Files(folder(), "films")
	for range left.All(t.Context()) {
		break
	}
	if _, err := left.Next(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after leaving the loop: error %v, want fs.ErrClosed", err)
	}
	n := 0
	for _, err := range c.Files(folder(), "nowhere/*").All(t.Context()) {
		if n++; !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want fs.ErrNotExist", err)
		}
	}
	if n != 1 {
		t.Errorf("a stream without films gave %d items, want the error", n)
	}
}

// Invalid options are one error of the stream, not one of each film.
func TestFilesOfInvalidOptionsEndAtOnce(t *testing.T) {
	s := dicomconv.New(&dicomconv.Options{Recipe: "standrd/1"}).Files(folder(), "films")
	_, err := s.Next(t.Context())
	var item *cxr.ItemError
	if err == nil || errors.As(err, &item) || !strings.Contains(err.Error(), `recipe "standrd/1"`) || s.Len() != 0 {
		t.Errorf("error %v, %d films to come", err, s.Len())
	}
}

func TestConvertersAreSafeForConcurrentUse(t *testing.T) {
	c := dicomconv.New(nil)
	films := seeds(t)
	want := map[string]*cxr.Image{}
	for name, b := range films {
		m, err := c.Normalize(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = m
	}
	var wg sync.WaitGroup
	for range 8 {
		for name, b := range films {
			wg.Go(func() {
				m, err := c.Normalize(bytes.NewReader(b))
				if err != nil || !slices.Equal(m.Pix, want[name].Pix) {
					t.Errorf("%s: another picture, or error %v", name, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestPathsOfFilms(t *testing.T) {
	fsys := fstest.MapFS{"b/2.dcm": {}, "b/1.dcm": {}, "a.dcm": {}, "b/.hidden": {}}
	if got := dicomconv.New(nil).Files(fsys).Paths(); !slices.Equal(got, []string{"a.dcm", "b/1.dcm", "b/2.dcm"}) {
		t.Errorf("%v", got)
	}
	if got := dicomconv.New(nil).Files(fsys, "c").Paths(); len(got) > 0 {
		t.Errorf("%v of nothing", got)
	}
}
