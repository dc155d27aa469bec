package store_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/internal/testkit/killtest"
	"github.com/cxrkit/cxrkit/internal/testkit/smalldisk"
)

var kills = flag.Int("kills", 6, "how often the killed run is killed")

func openKilled(dir string) (embed.Store, func() error, error) {
	d, err := store.Open(dir, killtest.Space, nil)
	return d, func() error { return nil }, err
}

func TestMain(m *testing.M) { killtest.Main(m, openKilled) }

func TestKilledRuns(t *testing.T) {
	killtest.Test(t, *kills, openKilled, func(t *testing.T, dir string, n int) {
		list, err := store.Read(dir) // no file there is torn
		if n > 0 && err != nil || len(list) != n {
			t.Fatalf("%d of %d films read: %v", len(list), n, err)
		}
	})
}

// A faulty folder fails now and then, as a disk that is full or a bucket that is
// away.
type faulty struct {
	store.Folder
	every int64
	cause error
	calls atomic.Int64
}

func (f *faulty) fail() bool { return f.every > 0 && f.calls.Add(1)%f.every == 0 }

func (f *faulty) Open(name string) (fs.File, error) {
	if f.fail() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.cause}
	}
	return f.Folder.Open(name)
}

func (f *faulty) WriteFile(ctx context.Context, name string, data []byte) error {
	if f.fail() {
		return &fs.PathError{Op: "write", Path: name, Err: f.cause}
	}
	return f.Folder.WriteFile(ctx, name, data)
}

// Whatever fails, every film has one outcome, and those without an error are
// done; when the fault is gone the others are done too, each once.
func TestFaults(t *testing.T) {
	list := films(100)
	for name, cause := range map[string]error{"disk full": syscall.ENOSPC, "permission denied": fs.ErrPermission, "store away": errors.New("connection refused")} {
		for _, every := range []int64{1, 2, 3, 7} {
			t.Run(fmt.Sprint(name, every), func(t *testing.T) {
				dir := t.TempDir()
				f := &faulty{Folder: store.Local(dir), cause: cause}
				d, err := store.OpenIn(t.Context(), f, (&sums{}).Space(), nil)
				if err != nil {
					t.Fatal(err)
				}
				f.every = every
				got := run(t, d, &sums{failEvery: 3}, list) // and 30 % of the calls fail
				f.every = 0
				done := got["successful-inference"]
				if done+got["failed-inference"]+got["failed-output"] != 100 || every == 1 && done != 0 {
					t.Errorf("with faults: %v", got)
				}
				e := &sums{}
				if got := run(t, d, e, list); got["output-file-exists"] != done || got["successful-inference"] != 100-done || e.films.Load() != int64(100-done) {
					t.Errorf("then: %v, %d films embedded; %d were done", got, e.films.Load(), done)
				}
				if got := run(t, d, &sums{}, list); !reflect.DeepEqual(got, map[string]int{"output-file-exists": 100}) {
					t.Errorf("at the end: %v", got)
				}
			})
		}
	}
}

func TestFullDisk(t *testing.T) {
	dir, grow := smalldisk.Mount(t, "256k")
	d := open(t, dir, nil)
	list := films(100) // of a block of 4 KiB each
	got := run(t, d, &sums{}, list)
	done := got["successful-inference"]
	if done == 0 || got["failed-output"] == 0 || done+got["failed-output"] != 100 {
		t.Errorf("full: %v", got)
	}
	if all, err := store.Read(dir); err != nil || len(all) != done {
		t.Errorf("%d films read, %d done, error %v", len(all), done, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".cxrkit-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
	grow("4m")
	if got := run(t, d, &sums{}, list); got["output-file-exists"] != done || got["successful-inference"] != 100-done {
		t.Errorf("with room again: %v, %d were done", got, done)
	}
}

func TestFolderWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, nil)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o666) == nil {
		t.Skip("this user may write anywhere; TestFaults has the case")
	}
	if got := run(t, d, &sums{}, films(5)); got["failed-output"] != 5 {
		t.Errorf("%v", got)
	}
}

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	a := store.NewArchive(&b)
	want := []*cxr.Embedding{
		{ID: "p10/s1/a.dcm", Space: cxr.Space{Tokens: 1, Dim: 3}, Values: []float32{1, 2, 3}},
		{ID: "b", Space: cxr.Space{Tokens: 2, Dim: 2}, Values: []float32{4, 5, 6, 7}},
	}
	for _, v := range want {
		if err := a.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Add(want[0]); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("a film for the second time: %v", err)
	}
	if err := a.Add(&cxr.Embedding{ID: "c"}); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("nothing: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "all.npz")
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Read(name); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, error %v", got, err)
	}
	python := "/usr/bin/python3"
	if exec.Command(python, "-c", "import numpy").Run() != nil {
		t.Skip("no NumPy: apt-get install python3-numpy")
	}
	out, err := exec.Command(python, "-c", "import numpy,sys; z = numpy.load(sys.argv[1]); print(sorted(z), z['p10/s1/a.dcm'], z['b'].shape)", name).CombinedOutput()
	if err != nil || string(out) != "['b', 'p10/s1/a.dcm'] [1. 2. 3.] (2, 2)\n" {
		t.Errorf("%s, error %v", out, err)
	}
}
