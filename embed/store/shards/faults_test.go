package shards_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/internal/testkit/killtest"
	"github.com/cxrkit/cxrkit/internal/testkit/smalldisk"
)

var kills = flag.Int("kills", 4, "how often the killed run is killed")

// A folder that is gone loses nothing: Put fails, and works when it is back.
func TestFolderThatCannotBeWritten(t *testing.T) {
	parent := t.TempDir()
	dir, away := filepath.Join(parent, "store"), filepath.Join(parent, "away")
	s := open(t, dir, &shards.Options{Bytes: 24 * 10})
	put(t, s, 0, 10)
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	k, v := film(10)
	for range 100 {
		if err := s.Put(t.Context(), k, v); err == nil {
			t.Fatal("a vector without a place")
		}
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	put(t, s, 10, 15)
	check(t, s, 15)
}

// On a disk that is full Put fails; when there is room again all that it has
// taken is there, and the others find their place.
func TestFullDisk(t *testing.T) {
	dir, grow := smalldisk.Mount(t, "64k")
	s := open(t, dir, &shards.Options{Bytes: 24 * 40})
	done, failed := map[int]bool{}, 0
	for i := range 600 {
		k, v := film(i)
		switch err := s.Put(t.Context(), k, v); {
		case err == nil:
			done[i] = true
		case errors.Is(err, syscall.ENOSPC):
			failed++
		default:
			t.Fatal(err)
		}
	}
	if failed == 0 || len(done) == 0 {
		t.Fatalf("%d films stored, %d not", len(done), failed)
	}
	if err := s.Close(); err == nil {
		t.Error("a shard was made on a full disk")
	}
	grow("1m")
	s = open(t, dir, nil)
	for i := range 600 {
		k, _ := film(i)
		if _, err := s.Get(t.Context(), k); (err == nil) != done[i] {
			t.Fatalf("film %d: error %v, stored %v", i, err, done[i])
		}
	}
	put(t, s, 0, 600)
	check(t, s, 600)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := shards.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Verify(); err != nil || r.Len() != 600 {
		t.Errorf("%d films, error %v", r.Len(), err)
	}
}

func openKilled(dir string) (embed.Store, func() error, error) {
	s, err := shards.Open(dir, killtest.Space, &shards.Options{Bytes: 24 * 50})
	if err != nil {
		return nil, nil, err
	}
	return s, s.Close, nil
}

func TestMain(m *testing.M) { killtest.Main(m, openKilled) }

func TestKilledRuns(t *testing.T) {
	killtest.Test(t, *kills, openKilled, func(t *testing.T, dir string, n int) {
		if n == 0 {
			return
		}
		r, err := shards.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Verify(); err != nil || r.Len() != n {
			t.Fatalf("%d films in shards, %d in the store, error %v", r.Len(), n, err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				t.Errorf("left behind: %s", e.Name())
			}
		}
	})
}
