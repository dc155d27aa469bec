package embed_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

// A fake embeds a film as its first pixel; delay says how long a film takes.
type fake struct {
	delay       func(id string) time.Duration
	fail        func(images []*cxr.Image) error
	now, most   atomic.Int32
	results     int // results returned for each call; 0: all
	notFiniteID string
	wrong       func(v *cxr.Embedding) // changes each result
}

func (f *fake) Space() cxr.Space { return cxr.Space{Model: "fake", Tokens: 1, Dim: 1} }

func (f *fake) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	n := f.now.Add(1)
	defer f.now.Add(-1)
	for m := f.most.Load(); n > m && !f.most.CompareAndSwap(m, n); m = f.most.Load() {
	}
	var out []*cxr.Embedding
	for _, im := range images {
		if f.delay != nil {
			select {
			case <-time.After(f.delay(im.ID)):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		v := float32(im.Pix[0])
		if im.ID == f.notFiniteID {
			v = float32(math.NaN())
		}
		e := &cxr.Embedding{ID: im.ID, Space: f.Space().For(im), Values: []float32{v}}
		if f.wrong != nil {
			f.wrong(e)
		}
		out = append(out, e)
	}
	if f.fail != nil {
		if err := f.fail(images); err != nil {
			return out, err
		}
	}
	if f.results > 0 {
		out = out[:f.results]
	}
	return out, nil
}

func film(i int) *cxr.Image {
	return &cxr.Image{ID: fmt.Sprint(i), Width: 1, Height: 1, Depth: 16, Pix: []uint16{uint16(i)}}
}

func films(n int) []*cxr.Image {
	var s []*cxr.Image
	for i := range n {
		s = append(s, film(i))
	}
	return s
}

// A script is a Source that returns what it is told, and counts.
type script struct {
	steps  []any // *cxr.Image or error
	read   int
	closed bool
}

func (s *script) Next(ctx context.Context) (*cxr.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.read == len(s.steps) {
		return nil, io.EOF
	}
	step := s.steps[s.read]
	s.read++
	if err, ok := step.(error); ok {
		return nil, err
	}
	return step.(*cxr.Image), nil
}

func (s *script) Close() error { s.closed = true; return nil }

// nothing is told of the films of a run and does not care.
func nothing(embed.Event) error { return nil }

func TestOutcomesComeInInputOrder(t *testing.T) {
	for _, shape := range [][2]int{{0, 0}, {1, 1}, {1, 4}, {3, 2}, {7, 5}, {100, 3}} {
		synctest.Test(t, func(t *testing.T) {
			// Later films are faster: without care they would come first.
			var ended []int
			var mu sync.Mutex
			f := &fake{delay: func(id string) time.Duration {
				n, err := strconv.Atoi(id)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, n)
				return time.Duration(40-n) * time.Millisecond
			}}
			r := embed.Run{Batch: shape[0], Parallel: shape[1]}
			next := 0
			err := r.Do(t.Context(), f, cxr.Images(films(40)...), func(ev embed.Event) error {
				if ev.Index != next || ev.ID != fmt.Sprint(next) || ev.Image.ID != ev.ID || ev.Embedding.ID != ev.ID || ev.Embedding.Values[0] != float32(next) {
					t.Errorf("shape %v: event %+v at place %d", shape, ev, next)
				}
				next++
				return nil
			})
			if err != nil || next != 40 || len(ended) != 40 {
				t.Errorf("shape %v: %d films, %d of them embedded, error %v", shape, next, len(ended), err)
			}
			if p := shape[1]; p > 0 && int(f.most.Load()) > p {
				t.Errorf("%d calls at once, want at most %d", f.most.Load(), p)
			}
		})
	}
}

func TestParallelCallsReallyOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(string) time.Duration { return time.Second }}
		start := time.Now()
		if err := (embed.Run{Parallel: 8}).Do(t.Context(), f, cxr.Images(films(32)...), nothing); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 4*time.Second {
			t.Errorf("32 films of 1 s, 8 at once, took %v", d)
		}
	})
}

// However slowly outcomes are taken, no more films are read than the doc says.
func TestFilmsHeldAtOnceAreBounded(t *testing.T) {
	for _, shape := range [][2]int{{1, 1}, {1, 4}, {3, 2}, {8, 1}} {
		synctest.Test(t, func(t *testing.T) {
			r := embed.Run{Batch: shape[0], Parallel: shape[1]}
			src := &script{}
			for _, m := range films(60) {
				src.steps = append(src.steps, m)
			}
			most, taken := 0, 0
			err := r.Do(t.Context(), &fake{}, src, func(embed.Event) error {
				synctest.Wait() // until nothing goes on but this
				most = max(most, src.read-taken)
				taken++
				return nil
			})
			if bound := (r.Parallel + 1) * r.Batch; err != nil || most != bound {
				t.Errorf("batches of %d, %d at once: %d films held, want %d; error %v", r.Batch, r.Parallel, most, bound, err)
			}
		})
	}
}

func TestEveryFilmHasOneOutcome(t *testing.T) {
	unreadable := &cxr.ItemError{ID: "bad.dcm", Op: "decode", Err: cxr.ErrTruncated}
	src := &script{steps: []any{film(0), unreadable, film(1), film(2), unreadable, unreadable, unreadable, film(3), film(4)}}
	f := &fake{notFiniteID: "4", fail: func(images []*cxr.Image) error {
		errs := make([]error, len(images))
		for i, im := range images {
			if im.ID == "2" {
				errs[i] = cxr.ErrUnsupported
			}
		}
		if errors.Join(errs...) == nil {
			return nil
		}
		return &embed.BatchError{Errors: errs}
	}}
	var got []string
	n := 0
	err := embed.Run{Batch: 2, Parallel: 2}.Do(t.Context(), f, src, func(ev embed.Event) error {
		if ev.Index != n || (ev.Embedding == nil) != (ev.Err != nil) || (ev.Image == nil) != (ev.ID == "bad.dcm") {
			t.Errorf("event %d: %+v", n, ev)
		}
		n++
		got = append(got, fmt.Sprint(ev.ID, " ", ev.Err))
		return nil
	})
	if err != nil || !src.closed {
		t.Errorf("error %v, source closed: %v", err, src.closed)
	}
	want := []string{
		"0 <nil>", "bad.dcm decode bad.dcm: truncated", "1 <nil>", "2 embed 2: not supported",
		"bad.dcm decode bad.dcm: truncated", "bad.dcm decode bad.dcm: truncated", "bad.dcm decode bad.dcm: truncated",
		"3 <nil>", "4 embed 4: invalid embedding: value 0 of token 0 is NaN",
	}
	for i := range got {
		got[i] = strings.Replace(got[i], "invalid embedding: embedder gave another embedding than it says: ", "", 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAFailedCallFailsItsFilmsOnly(t *testing.T) {
	f := &fake{fail: func(images []*cxr.Image) error {
		if images[0].ID == "2" {
			return errors.New("service away")
		}
		return nil
	}}
	embeddings, failed, err := embed.Run{Batch: 2}.Collect(t.Context(), f, cxr.Images(films(6)...))
	if err != nil {
		t.Fatal(err)
	}
	if len(embeddings) != 4 || len(failed) != 2 || failed[0].ID != "2" || failed[1].ID != "3" {
		t.Errorf("%v embedded, %v failed", embeddings, failed)
	}
}

// Results that are not what they should be are refused, and not stored.
func TestWrongResultsAreRefused(t *testing.T) {
	for name, f := range map[string]*fake{
		"one too few":       {results: 2},
		"ids swapped":       {wrong: func(v *cxr.Embedding) { v.ID = map[string]string{"0": "1", "1": "0", "2": "x"}[v.ID] }},
		"another model":     {wrong: func(v *cxr.Embedding) { v.Model = "other" }},
		"other weights":     {wrong: func(v *cxr.Embedding) { v.Digest = "other" }},
		"another recipe":    {wrong: func(v *cxr.Embedding) { v.Recipe = "other/1" }},
		"another width":     {wrong: func(v *cxr.Embedding) { v.Dim, v.Values = 2, []float32{1, 2} }},
		"too few values":    {wrong: func(v *cxr.Embedding) { v.Values = nil }},
		"an infinite value": {wrong: func(v *cxr.Embedding) { v.Values[0] = float32(math.Inf(1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			kept := &memory{}
			r := embed.Run{Batch: 3, Store: kept}
			embeddings, failed, err := r.Collect(t.Context(), f, cxr.Images(films(3)...))
			if !errors.Is(err, embed.ErrAllFailed) || !errors.Is(err, cxr.ErrEmbedding) || len(embeddings) != 0 || len(failed) != 3 || len(kept.values) != 0 {
				t.Errorf("%d embedded, %d failed, %d stored, error %v", len(embeddings), len(failed), len(kept.values), err)
			}
		})
	}
}

// A memory is a Store.
type memory struct {
	mu     sync.Mutex
	values map[string]*cxr.Embedding
}

func (m *memory) Get(_ context.Context, k embed.Key) (*cxr.Embedding, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.values[k.Content]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) Put(_ context.Context, k embed.Key, v *cxr.Embedding) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]*cxr.Embedding{}
	}
	m.values[k.Content] = v
	return nil
}

func TestWhatIsStoredIsFoundAgain(t *testing.T) {
	r, f := embed.Run{Batch: 2, Store: &memory{}}, &fake{}
	for _, found := range []bool{false, true} {
		n := 0
		err := r.Do(t.Context(), f, cxr.Images(films(5)...), func(ev embed.Event) error {
			if ev.Found != found || ev.Image == nil || ev.Embedding.Values[0] != float32(n) {
				t.Errorf("%+v, want found %v", ev, found)
			}
			n++
			return nil
		})
		if err != nil || n != 5 {
			t.Errorf("%d films, error %v", n, err)
		}
	}
}

func TestARunInWhichAllFailedIsAnError(t *testing.T) {
	bad := func(id string) error { return &cxr.ItemError{ID: id, Op: "decode", Err: cxr.ErrModality} }
	src := &script{steps: []any{bad("a.dcm"), bad("b.dcm"), bad("c.dcm")}}
	_, failed, err := embed.Run{}.Collect(t.Context(), &fake{}, src)
	if !errors.Is(err, embed.ErrAllFailed) || !errors.Is(err, cxr.ErrModality) || len(failed) != 3 ||
		err.Error() != "embed: all films failed: 3, the first: decode a.dcm: modality not wanted" {
		t.Errorf("%d failed, error %v", len(failed), err)
	}
	if _, _, err := (embed.Run{}).Collect(t.Context(), &fake{}, cxr.Images()); err != nil {
		t.Errorf("a run of no films: %v", err)
	}
}

func TestARunEndsEarly(t *testing.T) {
	boom := errors.New("boom")
	tests := map[string]struct {
		steps []any
		each  func(cancel func()) error
		want  error
	}{
		"when each fails":             {nil, func(func()) error { return boom }, boom},
		"when the context is over":    {nil, func(cancel func()) error { cancel(); return nil }, context.Canceled},
		"when the source is broken":   {[]any{film(0), boom}, func(func()) error { return nil }, boom},
		"with a broken source alone":  {[]any{boom}, func(func()) error { return nil }, boom},
		"after a film and a bad film": {[]any{film(0), &cxr.ItemError{ID: "x", Op: "read", Err: boom}, boom}, func(func()) error { return nil }, boom},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.steps == nil {
				for _, m := range films(100) {
					test.steps = append(test.steps, m)
				}
			}
			src := &script{steps: test.steps}
			r := embed.Run{Batch: 2, Parallel: 3}
			err := r.Do(ctx, &fake{}, src, func(embed.Event) error { return test.each(cancel) })
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if !src.closed {
				t.Error("source left open")
			}
			if src.read > 20 {
				t.Errorf("read %d films after the end", src.read)
			}
			left := runtime.NumGoroutine()
			for range 200 { // one that is ending counts still
				if left = runtime.NumGoroutine(); left <= before {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			if left > before {
				t.Errorf("%d goroutines left behind", left-before)
			}
		})
	}
}

func TestAllIsDoAsAnIterator(t *testing.T) {
	bad := &cxr.ItemError{ID: "bad", Op: "decode", Err: cxr.ErrCorrupt}
	boom := errors.New("boom")
	var seen []string
	for ev, err := range (embed.Run{}).All(t.Context(), &fake{}, &script{steps: []any{film(0), bad, film(1), boom}}) {
		seen = append(seen, fmt.Sprint(ev.ID, " ", ev.Err, " ", err))
	}
	want := []string{"0 <nil> <nil>", "bad decode bad: corrupt <nil>", "1 <nil> <nil>", " <nil> boom"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, steps := range [][]any{{film(0), film(1), film(2)}, {bad, bad, film(0)}} {
		src, n := &script{steps: steps}, 0
		for range (embed.Run{}).All(t.Context(), &fake{}, src) {
			n++
			break
		}
		if n != 1 || !src.closed {
			t.Errorf("%d items after leaving the loop, source closed: %v", n, src.closed)
		}
	}
}

// The loop may be left, and the context end, at the same time.
func TestLeavingTheLoopAsTheContextEnds(t *testing.T) {
	bad := &cxr.ItemError{ID: "bad", Op: "decode", Err: cxr.ErrCorrupt}
	for _, steps := range [][]any{{film(0), film(1), film(2)}, {bad, bad, film(0)}} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		src, n := &script{steps: steps}, 0
		for range (embed.Run{Batch: 3}).All(ctx, &fake{}, src) {
			n++
			cancel()
			break
		}
		if n != 1 || !src.closed {
			t.Errorf("%d items, source closed: %v", n, src.closed)
		}
	}
}

// Each puts an Embedder together from a function of one film.
func TestEach(t *testing.T) {
	space := cxr.Space{Model: "m", Recipe: "r/1", Tokens: 1, Dim: 1}
	one := func(ctx context.Context, m *cxr.Image) ([]float32, error) {
		switch m.ID {
		case "2":
			return nil, cxr.ErrUnsupported
		case "3":
			return []float32{1, 2}, nil // too many
		}
		return []float32{float32(m.Pix[0])}, nil
	}
	list := films(5)
	for _, m := range list {
		m.Recipe = "r/1"
	}
	list[1].Recipe = "other/1"
	got, err := embed.Each(t.Context(), space, list, one)
	var batch *embed.BatchError
	if !errors.As(err, &batch) || len(got) != 5 {
		t.Fatalf("%d results, error %v", len(got), err)
	}
	for i, want := range []error{nil, cxr.ErrMismatch, cxr.ErrUnsupported, cxr.ErrEmbedding, nil} {
		if !errors.Is(batch.Errors[i], want) || (got[i] == nil) != (want != nil) {
			t.Errorf("film %d: %v, error %v, want %v", i, got[i], batch.Errors[i], want)
		}
		if want == nil && (got[i].ID != list[i].ID || got[i].Check(space) != nil || got[i].Values[0] != float32(i)) {
			t.Errorf("film %d: %v", i, got[i])
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := embed.Each(ctx, space, list, one); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("an ended context: %v, error %v", got, err)
	}
}

// A key tells apart what is different, by hashing exactly this.
func TestKeyOf(t *testing.T) {
	im := &cxr.Image{ID: "a", Width: 7, Height: 3, Depth: 16, Recipe: "standard/1"}
	for i := range 21 {
		im.Pix = append(im.Pix, uint16(i*2749))
	}
	s := cxr.Space{Model: "m", Digest: "d", Tokens: 2, Dim: 3}
	want := sha256.New()
	for _, text := range []string{"m", "d", "standard/1"} {
		binary.Write(want, binary.LittleEndian, uint64(len(text)))
		want.Write([]byte(text))
	}
	binary.Write(want, binary.LittleEndian, []uint64{2, 3, 7, 3, 16})
	binary.Write(want, binary.LittleEndian, im.Pix)
	key := embed.KeyOf(s, im)
	if key.Content != hex.EncodeToString(want.Sum(nil)) || key.ID != "a" || key.Space != s.For(im) {
		t.Errorf("%+v", key)
	}
	seen := map[string]bool{key.Content: true}
	for i := range im.Pix {
		im.Pix[i] ^= 1
		seen[embed.KeyOf(s, im).Content] = true
		im.Pix[i] ^= 1
	}
	im.Width, im.Height = 3, 7
	seen[embed.KeyOf(s, im).Content] = true
	s.Digest = "e"
	seen[embed.KeyOf(s, im).Content] = true
	if len(seen) != 24 {
		t.Errorf("%d keys of 24 films", len(seen))
	}
}

// What another Embedder says of its one film is the film's error, not a batch's.
func TestEachGivesTheFilmsOwnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := embed.Each(t.Context(), cxr.Space{Model: "m", Recipe: cxr.Standard, Tokens: 1, Dim: 1}, []*cxr.Image{drawn.Film(2, 2, func(x, y int) int { return x })},
		func(context.Context, *cxr.Image) ([]float32, error) {
			return nil, &embed.BatchError{Errors: []error{broken}}
		})
	var batch *embed.BatchError
	if !errors.As(err, &batch) || len(batch.Errors) != 1 || batch.Errors[0] != broken {
		t.Errorf("error %v, want that of the film", err)
	}
}
