package shards_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store/shards"
)

var model = cxr.Space{Model: "sums", Recipe: "none/1", Tokens: 2, Dim: 3}

// film is an embedding and its key.
func film(i int) (embed.Key, *cxr.Embedding) {
	sum := sha256.Sum256(fmt.Append(nil, i))
	v := &cxr.Embedding{ID: fmt.Sprintf("ward/%d.dcm", i), Space: model}
	for k := range 6 {
		v.Values = append(v.Values, float32(i*10+k))
	}
	return embed.Key{ID: v.ID, Content: hex.EncodeToString(sum[:]), Space: model}, v
}

func open(t testing.TB, dir string, o *shards.Options) *shards.Store {
	t.Helper()
	s, err := shards.Open(dir, model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *shards.Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		k, v := film(i)
		if err := s.Put(t.Context(), k, v); err != nil {
			t.Fatal(err)
		}
	}
}

// check wants exactly these films in the store.
func check(t testing.TB, s *shards.Store, n int) {
	t.Helper()
	for i := range n + 3 {
		k, want := film(i)
		got, err := s.Get(t.Context(), k)
		if i >= n {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("film %d: error %v", i, err)
			}
		} else if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("film %d: %v, error %v", i, got, err)
		}
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestVectorsComeBack(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &shards.Options{Bytes: 10 * 24})
	put(t, s, 0, 25)
	check(t, s, 25)
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d shards before Close", n)
	}
	if err := s.Flush(); err != nil || len(files(t, dir)) != 3 {
		t.Errorf("%d shards after Flush, error %v", len(files(t, dir)), err)
	}
	check(t, s, 25)
	put(t, s, 20, 27) // some again
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Flush of a closed store: %v", err)
	}
	r, err := shards.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Verify(); err != nil || r.Len() != 27 || r.Space() != model {
		t.Errorf("%d vectors of %v, error %v", r.Len(), r.Space(), err)
	}
	for i := range r.Len() {
		if _, want := film(i); !reflect.DeepEqual(r.Embedding(i), want) || r.ID(i) != want.ID {
			t.Errorf("vector %d: %v", i, r.Embedding(i))
		}
	}
	s = open(t, dir, nil)
	check(t, s, 27)
	k, v := film(99)
	s.Close()
	if err := s.Put(t.Context(), k, v); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Put into a closed store: %v", err)
	}
	if _, err := s.Get(t.Context(), k); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get from a closed store: %v", err)
	}
}

// A process that ends without Close has lost nothing.
func TestJournalIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	put(t, s, 0, 7)
	journal, err := os.ReadFile(filepath.Join(dir, "pending.tfrecord"))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	shard := files(t, dir)[0]
	data, err := os.ReadFile(shard)
	if err != nil {
		t.Fatal(err)
	}
	one := (len(journal) - 100) / 7
	for cut := 0; cut <= len(journal); cut += 1 + cut/10 {
		other := t.TempDir()
		if err := os.WriteFile(filepath.Join(other, "pending.tfrecord"), journal[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := shards.Open(other, model, nil)
		if err != nil {
			t.Fatalf("journal of %d bytes: %v", cut, err)
		}
		n := 0
		for i := range 7 {
			if k, _ := film(i); func() bool { _, err := s.Get(t.Context(), k); return err == nil }() {
				n++
			}
		}
		if want := max(0, (cut-100)/one-1); n < want {
			t.Fatalf("journal of %d bytes of %d: %d films, want %d", cut, len(journal), n, want)
		}
		put(t, s, n, 8)
		check(t, s, 8)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// And where the process ended between shard and journal, none is there twice.
	for name, data := range map[string][]byte{"pending.tfrecord": journal, filepath.Base(shard): data} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir, nil)
	check(t, s, 7)
	s.Close()
	if r, err := shards.Read(dir); err != nil || r.Len() != 7 {
		t.Errorf("error %v", err)
	}
}

func TestFloat16(t *testing.T) {
	dir := t.TempDir()
	m := cxr.Space{Model: "half", Tokens: 1, Dim: 8}
	s, err := shards.Open(dir, m, &shards.Options{Float16: true})
	if err != nil {
		t.Fatal(err)
	}
	k, _ := film(1)
	k.Space = m
	values := []float32{1, -0.1, 1.00048828125, 1.0005, 65504, 6e-8, 0, 1.0014}
	if err := s.Put(t.Context(), k, &cxr.Embedding{ID: k.ID, Space: m, Values: values}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	r, err := shards.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// Nearest, ties to even: 1.00048828125 lies in the middle of 1 and 1.0009765625.
	want := []float32{1, -0.0999755859375, 1, 1.0009765625, 65504, 5.9604645e-08, 0, 1.0009765625}
	if got := r.Values(0); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s, err = shards.Open(t.TempDir(), m, &shards.Options{Float16: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	values[3] = 65520
	if err := s.Put(t.Context(), k, &cxr.Embedding{ID: k.ID, Space: m, Values: values}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("too large: %v", err)
	}
	if _, err := shards.Open(dir, m, nil); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("as float32: %v", err)
	}
}

func TestWrongFolders(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	put(t, s, 0, 3)
	if _, err := shards.Open(dir, model, nil); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for what, other := range map[string]cxr.Space{
		"another model": {Model: "other", Recipe: "none/1", Tokens: 2, Dim: 3},
		"other weights": {Model: "sums", Recipe: "none/1", Tokens: 2, Dim: 3, Digest: "d1"},
	} {
		if _, err := shards.Open(dir, other, nil); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("%s: %v", what, err)
		}
		// The journal tells, and without it each shard.
		if err := os.Rename(filepath.Join(dir, "pending.tfrecord"), filepath.Join(dir, "away")); err != nil {
			t.Fatal(err)
		}
		if _, err := shards.Open(dir, other, nil); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("%s, without the journal: %v", what, err)
		}
		if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "pending.tfrecord")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := shards.Read(t.TempDir()); err == nil {
		t.Error("an empty folder was read")
	}
	if _, err := shards.Open(t.TempDir(), cxr.Space{Tokens: 1 << 30, Dim: 1 << 30}, nil); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("a giant: %v", err)
	}
	s = open(t, t.TempDir(), nil)
	k, v := film(0)
	k.Content = "short"
	if err := s.Put(t.Context(), k, v); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("a key that is none: %v", err)
	}
	k, v = film(0)
	v.Values, v.Tokens = v.Values[:3], 1
	if err := s.Put(t.Context(), k, v); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("a vector of another shape: %v", err)
	}
	k, v = film(0)
	v.Values[0] = float32(math.NaN())
	if err := s.Put(t.Context(), k, v); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("a vector that is no number: %v", err)
	}
}

// Every torn or altered shard is an error, at the latest of Verify.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	put(t, s, 0, 40)
	s.Close()
	name := files(t, dir)[0]
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := shards.Read(dir)
		if err == nil {
			for i := range r.Len() {
				_ = r.Embedding(i).Validate()
			}
			err = r.Verify()
			r.Close()
		}
		if !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrUnsupported) {
			t.Fatalf("%s: error %v", what, err)
		}
	}
	for n := 0; n < len(whole); n += 211 {
		try(fmt.Sprintf("cut at %d", n), whole[:n])
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		data := append([]byte{}, whole...)
		for range 1 + rng.IntN(3) {
			data[rng.IntN(len(data))] ^= byte(1 + rng.IntN(255))
		}
		if string(data) != string(whole) {
			try("bytes altered", data)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := open(t, t.TempDir(), &shards.Options{Bytes: 24 * 16})
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := w * 100; i < w*100+150; i++ { // overlapping
				k, v := film(i)
				if err := s.Put(context.Background(), k, v); err != nil {
					t.Error(err)
				}
				if got, err := s.Get(context.Background(), k); err != nil || !reflect.DeepEqual(got, v) {
					t.Error(got, err)
				}
			}
		})
	}
	all.Wait()
	check(t, s, 450)
}

// sums counts the films that it embeds.
type sums struct{ films atomic.Int64 }

func (s *sums) Space() cxr.Space { return model }
func (s *sums) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	var out []*cxr.Embedding
	for _, im := range images {
		time.Sleep(100 * time.Microsecond)
		_, v := film(int(im.Pix[0]))
		out = append(out, v)
		s.films.Add(1)
	}
	return out, nil
}

func images(n int) []*cxr.Image {
	var list []*cxr.Image
	for i := range n {
		list = append(list, &cxr.Image{ID: fmt.Sprintf("ward/%d.dcm", i), Width: 1, Height: 1, Depth: 16, Pix: []uint16{uint16(i)}, Recipe: "none/1"})
	}
	return list
}

func TestReadOfAFolderWithoutShards(t *testing.T) {
	if _, err := shards.Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}
