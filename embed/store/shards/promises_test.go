package shards_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/store/shards"
)

// Films of equal pixels have a row each, in the journal and in shards.
func TestFilmsOfEqualPixelsAreAllKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	k, v := film(0)
	ids := []string{"a", "b", "c"}
	for round := range 3 {
		for _, id := range ids {
			k.ID, v.ID = id, id
			own := *v
			if err := s.Put(t.Context(), k, &own); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(t.Context(), k); err != nil || got.ID != id {
				t.Errorf("round %d: film %s is %v, error %v", round, id, got, err)
			}
		}
		k.ID = "another"
		if got, err := s.Get(t.Context(), k); err != nil || got.ID != "a" {
			t.Errorf("a film of equal pixels: %v, error %v", got, err)
		}
		if round == 1 { // to a shard already before it is closed
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir, nil)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := shards.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var have []string
	for i := range r.Len() {
		have = append(have, r.ID(i))
	}
	slices.Sort(have)
	if !slices.Equal(have, ids) {
		t.Errorf("rows %q, want %q", have, ids)
	}
}

// A byte that is altered in the middle of the journal is an error, and not the end
// of the vectors; one in the last record is a torn end.
func TestADamagedJournalIsNotCut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	put(t, s, 0, 20)
	journal := filepath.Join(dir, "pending.tfrecord")
	data, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.Index(string(data), "ward/0.dcm") - 60 // somewhere in the first record after the head
	last := strings.LastIndex(string(data), "ward/19.dcm")
	damaged := func(at int, tail ...byte) error {
		t.Helper()
		bad := slices.Clone(data)
		if at >= 0 {
			bad[at] ^= 0x10
		}
		copied := t.TempDir()
		if err := os.WriteFile(filepath.Join(copied, "pending.tfrecord"), append(bad, tail...), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := shards.Open(copied, model, nil)
		if err != nil {
			return err
		}
		defer s.Close()
		n := 20
		if at > last {
			n = 19
		}
		check(t, s, n)
		return nil
	}
	for at := first; at < last-100; at += 37 {
		if err := damaged(at); !errors.Is(err, cxr.ErrCorrupt) {
			t.Errorf("byte %d of %d altered: %v", at, len(data), err)
		}
	}
	if err := damaged(last + 4); err != nil {
		t.Errorf("a torn last record: %v", err)
	}
	if err := damaged(-1, make([]byte, 500)...); err != nil {
		t.Errorf("zeros after the end: %v", err)
	}
	if err := damaged(-1, data[len(data)-50:]...); err != nil {
		t.Errorf("the end of a longer record after the end: %v", err)
	}
}

// What would not come back is refused when it is given.
func TestWhatWouldNotComeBackIsRefused(t *testing.T) {
	if _, err := shards.Open(t.TempDir(), cxr.Space{Model: "m\xff", Tokens: 1, Dim: 1}, nil); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("a model that is not UTF-8: %v", err)
	}
	dir := t.TempDir()
	s := open(t, dir, nil)
	for name, test := range map[string]struct {
		id   string
		want error
	}{
		"an id of two megabytes":  {strings.Repeat("x", 2<<20), cxr.ErrTooLarge},
		"an id that is not UTF-8": {"film\xff", cxr.ErrUnsupported},
	} {
		k, v := film(1)
		k.ID, v.ID = test.id, test.id
		if err := s.Put(t.Context(), k, v); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	k, v := film(1)
	v.ID = "another"
	if err := s.Put(t.Context(), k, v); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("another film's embedding: %v", err)
	}
	put(t, s, 0, 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, open(t, dir, nil), 5)
}
