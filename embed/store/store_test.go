package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/internal/tfrecord"
)

// sums is an embedder whose results are easy to check.
type sums struct {
	failEvery int64
	films     atomic.Int64 // embedded, or failed
}

func (s *sums) Space() cxr.Space {
	return cxr.Space{Model: "sums", Tokens: 2, Dim: 3, Recipe: "none/1"}
}

func value(im *cxr.Image, k int) float32 { return float32(int(im.Pix[0])*10 + k) }

func (s *sums) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out, errs, bad := make([]*cxr.Embedding, len(images)), make([]error, len(images)), false
	for i, im := range images {
		if n := s.films.Add(1); s.failEvery > 0 && n%s.failEvery == 0 {
			errs[i], bad = errors.New("service down"), true
			continue
		}
		v := &cxr.Embedding{ID: im.ID, Space: cxr.Space{Model: "sums", Recipe: im.Recipe, Tokens: 2, Dim: 3}}
		for k := range 6 {
			v.Values = append(v.Values, value(im, k))
		}
		out[i] = v
	}
	if bad {
		return out, &embed.BatchError{Errors: errs}
	}
	return out, nil
}

func films(n int) []*cxr.Image {
	var list []*cxr.Image
	for i := range n {
		list = append(list, &cxr.Image{ID: fmt.Sprintf("ward/film%04d.dcm", i), Width: 2, Height: 1, Depth: 16, Pix: []uint16{uint16(i), 7}, Recipe: "none/1"})
	}
	return list
}

func open(t testing.TB, dir string, o *store.Options) *store.Dir {
	t.Helper()
	d, err := store.Open(dir, (&sums{}).Space(), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// run embeds films and counts events by their names.
func run(t testing.TB, d embed.Store, e embed.Embedder, list []*cxr.Image) map[string]int {
	t.Helper()
	counts := map[string]int{}
	index := 0
	r := embed.Run{Store: d, Parallel: 3, Batch: 3}
	err := r.Do(t.Context(), e, cxr.Images(list...), func(film embed.Event) error {
		counts[film.Name()]++
		if film.Index != index || film.ID != list[index].ID {
			t.Errorf("event %d is of %s", index, film.ID)
		}
		if v := film.Embedding; v != nil && (v.ID != film.ID || v.Values[5] != value(list[index], 5) || v.Check(e.Space()) != nil) {
			t.Errorf("%s has embedding %+v", film.ID, v)
		}
		index++
		return nil
	})
	if err != nil && !errors.Is(err, embed.ErrAllFailed) {
		t.Fatal(err)
	}
	if index != len(list) {
		t.Errorf("%d events for %d films", index, len(list))
	}
	return counts
}

func TestResume(t *testing.T) {
	for _, o := range []*store.Options{nil, {Format: store.NPZ}, {BaseNames: true}, {Format: store.NPZ, BaseNames: true}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			dir := t.TempDir()
			list := films(20)
			if got := run(t, open(t, dir, o), &sums{failEvery: 4}, list); !reflect.DeepEqual(got, map[string]int{"successful-inference": 15, "failed-inference": 5}) {
				t.Errorf("first run: %v", got)
			}
			if got := run(t, open(t, dir, o), &sums{}, list); !reflect.DeepEqual(got, map[string]int{"output-file-exists": 15, "successful-inference": 5}) {
				t.Errorf("second run: %v", got)
			}
			e := &sums{}
			if got := run(t, open(t, dir, o), e, list); !reflect.DeepEqual(got, map[string]int{"output-file-exists": 20}) || e.films.Load() != 0 {
				t.Errorf("third run: %v, %d films embedded", got, e.films.Load())
			}
			all, err := store.Read(dir)
			if err != nil || len(all) != 20 || all[0].Model != "sums" || all[0].Tokens != 2 {
				t.Errorf("%d read, error %v", len(all), err)
			}
		})
	}
}

func TestTornAndForeignFilesAreNotDone(t *testing.T) {
	for _, format := range []store.Format{store.TFRecord, store.NPZ} {
		dir := t.TempDir()
		d := open(t, dir, &store.Options{Format: format})
		list := films(3)
		run(t, d, &sums{}, list)
		names, _ := filepath.Glob(filepath.Join(dir, "*."+format.String()))
		if len(names) != 3 {
			t.Fatalf("files %v", names)
		}
		whole, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		for what, data := range map[string][]byte{"nothing": nil, "half": whole[:len(whole)/2], "a byte altered": append(bytes.Clone(whole[:70]), append([]byte{whole[70] ^ 1}, whole[71:]...)...), "text": []byte("hello")} {
			if err := os.WriteFile(names[0], data, 0o666); err != nil {
				t.Fatal(err)
			}
			if got := run(t, d, &sums{}, list); got["successful-inference"] != 1 || got["output-file-exists"] != 2 {
				t.Errorf("%s, %s: %v", format, what, got)
			}
			if back, err := os.ReadFile(names[0]); err != nil || !bytes.Equal(back, whole) {
				t.Errorf("%s, %s: not mended: %v", format, what, err)
			}
		}
	}
}

func TestEqualNames(t *testing.T) {
	list := films(2)
	list[0].ID, list[1].ID = "a/film.dcm", "b/film.dcm"
	if got := run(t, open(t, t.TempDir(), nil), &sums{}, list); got["successful-inference"] != 2 {
		t.Errorf("%v", got)
	}
	if got := run(t, open(t, t.TempDir(), &store.Options{BaseNames: true}), &sums{}, list[:1]); got["successful-inference"] != 1 {
		t.Errorf("%v", got)
	}
	dir := t.TempDir()
	d := open(t, dir, &store.Options{BaseNames: true})
	run(t, d, &sums{}, list[:1])
	if got := run(t, d, &sums{}, list[1:]); got["failed-output"] != 1 {
		t.Errorf("the second of two films of one base name: %v", got)
	}
	other := cxr.Space{Model: "other", Tokens: 2, Dim: 3}
	if _, err := store.Open(dir, other, nil); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("another model: %v", err)
	}
	same := (&sums{}).Space()
	same.Digest = "d1"
	if _, err := store.Open(dir, same, nil); !errors.Is(err, cxr.ErrMismatch) || !strings.Contains(err.Error(), `digest "d1", want ""`) {
		t.Errorf("other weights: %v", err)
	}
	if _, err := open(t, t.TempDir(), nil).Get(t.Context(), embed.Key{ID: "a", Content: "../../../../../etc/passwd/..............."}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("a key that is none: %v", err)
	}
	key := embed.KeyOf(same, list[0])
	if err := open(t, t.TempDir(), nil).Put(t.Context(), key, &cxr.Embedding{ID: "a", Space: cxr.Space{Tokens: 1, Dim: 6}, Values: make([]float32, 6)}); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("another shape: %v", err)
	}
	if _, err := store.Open(t.TempDir(), other, &store.Options{Format: store.Format(9)}); err == nil || !strings.Contains(err.Error(), "format 9") {
		t.Errorf("another format: %v", err)
	}
}

// A broken store loses nothing: each film is an error, and done when it is whole
// again.
func TestFolderThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	d := open(t, dir, nil)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := run(t, d, &sums{}, films(5)); got["failed-output"] != 5 {
		t.Errorf("a folder that vanished: %v", got)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := run(t, d, &sums{}, films(5)); got["successful-inference"] != 5 {
		t.Errorf("when it is back: %v", got)
	}
}

func TestUpstreamsFiles(t *testing.T) {
	const dir = "../../../shared/upstream"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no ../shared/upstream: ", err)
	}
	list, err := store.Read(dir)
	if err != nil || len(list) != 5 || list[0].Dim != 5 || !strings.HasPrefix(list[0].ID, "gs://superrad/") {
		t.Fatalf("%d films, error %v", len(list), err)
	}
	// And a store writes the same files. TensorFlow writes a map in any order: one
	// of them has the embedding first.
	m := cxr.Space{Model: "upstream", Tokens: 1, Dim: 5}
	ours := t.TempDir()
	d, err := store.Open(ours, m, &store.Options{BaseNames: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		v.Space = m // upstream's files do not tell
		if err := d.Put(t.Context(), embed.Key{ID: v.ID, Space: m}, v); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(v.ID), ".png") + ".tfrecord"
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "00000001_002.tfrecord" {
			const at, embedding = 12 + 2, 2 + 37 // where its features begin, and bytes of the first
			want = tfrecord.Append(nil, slices.Concat(want[12:at], want[at+embedding:len(want)-4], want[at:at+embedding]))
		}
		if got, err := os.ReadFile(filepath.Join(ours, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, not upstream's %d, error %v", name, len(got), len(want), err)
		}
	}
	if _, err := store.Read(t.TempDir()); err == nil {
		t.Error("an empty folder gave embeddings")
	}
}

// Several runs may share a folder: what one finds is whole, though another
// writes it.
func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	list := films(20)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			d, err := store.Open(dir, (&sums{}).Space(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			for i, im := range list {
				key := embed.KeyOf((&sums{}).Space(), im)
				made, err := (&sums{}).Embed(t.Context(), im)
				if err == nil {
					err = d.Put(t.Context(), key, made[0])
				}
				if err != nil {
					t.Error(err)
				}
				for _, im := range list[:i+1] {
					got, err := d.Get(t.Context(), embed.KeyOf((&sums{}).Space(), im))
					if err != nil || got.Values[5] != value(im, 5) {
						t.Errorf("%s: %v, error %v", im.ID, got, err)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestGetOfNothing(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	im := films(1)[0]
	if _, err := d.Get(t.Context(), embed.KeyOf((&sums{}).Space(), im)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
