package embed_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A fake embeds a film as its first pixel; delay says how long a film takes.
type fake struct {
	delay       func(id string) time.Duration
	fail        func(images []*cxr.Image) error
	now, most   atomic.Int32
	results     int // results returned for each call; 0: all
	notFiniteID string
}

func (f *fake) Model() embed.Model { return embed.Model{Name: "fake", Tokens: 1, Dim: 1} }

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
		out = append(out, &cxr.Embedding{ID: im.ID, Model: "fake", Tokens: 1, Dim: 1, Values: []float32{v}})
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

func TestResultsComeInInputOrder(t *testing.T) {
	for _, shape := range [][2]int{{0, 0}, {1, 1}, {1, 4}, {3, 2}, {7, 5}, {100, 3}} {
		synctest.Test(t, func(t *testing.T) {
			// Later films are faster: without care they would come first.
			f := &fake{delay: func(id string) time.Duration { return time.Duration(100-len(id)) * time.Millisecond }}
			r := embed.Run{Batch: shape[0], Parallel: shape[1]}
			next := 0
			err := r.Do(t.Context(), f, cxr.Images(films(40)...), func(v *cxr.Embedding) error {
				if v.ID != fmt.Sprint(next) || v.Values[0] != float32(next) {
					t.Errorf("shape %v: film %s came at place %d", shape, v.ID, next)
				}
				next++
				return nil
			})
			if err != nil || next != 40 {
				t.Errorf("shape %v: %d films, error %v", shape, next, err)
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
		r := embed.Run{Parallel: 8}
		if err := r.Do(t.Context(), f, cxr.Images(films(32)...), func(*cxr.Embedding) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 4*time.Second {
			t.Errorf("32 films of 1 s, 8 at once, took %v", d)
		}
	})
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
	var events, got []string
	r := embed.Run{Batch: 2, Parallel: 2, OnItem: func(ev embed.Event) {
		if ev.Index != len(events) {
			t.Errorf("event %d has index %d", len(events), ev.Index)
		}
		events = append(events, fmt.Sprint(ev.ID, " ", ev.Err))
	}}
	err := r.Do(t.Context(), f, src, func(v *cxr.Embedding) error { got = append(got, v.ID); return nil })
	if err != nil || !src.closed {
		t.Errorf("error %v, source closed: %v", err, src.closed)
	}
	if want := "[0 1 3]"; fmt.Sprint(got) != want {
		t.Errorf("embedded %v, want %v", got, want)
	}
	want := []string{
		"0 <nil>", "bad.dcm decode bad.dcm: truncated", "1 <nil>", "2 embed 2: not supported",
		"bad.dcm decode bad.dcm: truncated", "bad.dcm decode bad.dcm: truncated", "bad.dcm decode bad.dcm: truncated",
		"3 <nil>", "4 embed 4: invalid embedding: value 0 of token 0 is NaN",
	}
	if fmt.Sprint(events) != fmt.Sprint(want) {
		t.Errorf("events\n %q, want\n %q", events, want)
	}
}

func TestAFailedCallFailsItsFilmsOnly(t *testing.T) {
	f := &fake{fail: func(images []*cxr.Image) error {
		if images[0].ID == "2" {
			return errors.New("service away")
		}
		return nil
	}}
	var failed []string
	r := embed.Run{Batch: 2, OnItem: func(ev embed.Event) {
		if ev.Err != nil {
			failed = append(failed, ev.ID)
		}
	}}
	n := 0
	if err := r.Do(t.Context(), f, cxr.Images(films(6)...), func(*cxr.Embedding) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 4 || fmt.Sprint(failed) != "[2 3]" {
		t.Errorf("%d embedded, %v failed", n, failed)
	}
}

func TestAMissingResultIsAnError(t *testing.T) {
	var failed int
	r := embed.Run{Batch: 3, OnItem: func(ev embed.Event) {
		if errors.Is(ev.Err, cxr.ErrEmbedding) {
			failed++
		}
	}}
	err := r.Do(t.Context(), &fake{results: 2}, cxr.Images(films(3)...), func(*cxr.Embedding) error { return nil })
	if err != nil || failed != 3 {
		t.Errorf("%d films failed (%v), want 3: nobody knows which result is whose", failed, err)
	}
}

func TestARunEndsEarly(t *testing.T) {
	boom := errors.New("boom")
	tests := map[string]struct {
		steps []any
		emit  func(cancel func()) error
		want  error
	}{
		"when emit fails":             {nil, func(func()) error { return boom }, boom},
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
			err := r.Do(ctx, &fake{}, src, func(*cxr.Embedding) error { return test.emit(cancel) })
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
	var r embed.Run
	for v, err := range r.All(t.Context(), &fake{}, &script{steps: []any{film(0), bad, film(1), boom}}) {
		if err != nil {
			seen = append(seen, err.Error())
		} else {
			seen = append(seen, v.ID)
		}
	}
	if want := "[0 decode bad: corrupt 1 boom]"; fmt.Sprint(seen) != want {
		t.Errorf("saw %v, want %v", seen, want)
	}
	for _, steps := range [][]any{{film(0), film(1), film(2)}, {bad, bad, film(0)}} {
		src, n := &script{steps: steps}, 0
		for range r.All(t.Context(), &fake{}, src) {
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
		src, n, told := &script{steps: steps}, 0, 0
		r := embed.Run{Batch: 3, OnItem: func(embed.Event) { told++ }}
		for range r.All(ctx, &fake{}, src) {
			n++
			cancel()
			break
		}
		if n != 1 || told != 1 || !src.closed {
			t.Errorf("%d items, %d events, source closed: %v", n, told, src.closed)
		}
	}
}

// A key tells apart what is different, by hashing exactly this.
func TestKeyOf(t *testing.T) {
	im := &cxr.Image{ID: "a", Width: 7, Height: 3, Depth: 16, Recipe: "standard/1"}
	for i := range 21 {
		im.Pix = append(im.Pix, uint16(i*2749))
	}
	m := embed.Model{Name: "m", Digest: "d", Tokens: 2, Dim: 3}
	want := sha256.New()
	for _, s := range []string{"m", "d", "standard/1"} {
		binary.Write(want, binary.LittleEndian, uint64(len(s)))
		want.Write([]byte(s))
	}
	binary.Write(want, binary.LittleEndian, []uint64{2, 3, 7, 3, 16})
	binary.Write(want, binary.LittleEndian, im.Pix)
	key := embed.KeyOf(m, im)
	if key.Content != hex.EncodeToString(want.Sum(nil)) || key.ID != "a" || key.Recipe != "standard/1" {
		t.Errorf("%+v", key)
	}
	seen := map[string]bool{key.Content: true}
	for i := range im.Pix {
		im.Pix[i] ^= 1
		seen[embed.KeyOf(m, im).Content] = true
		im.Pix[i] ^= 1
	}
	im.Width, im.Height = 3, 7
	seen[embed.KeyOf(m, im).Content] = true
	m.Digest = "e"
	seen[embed.KeyOf(m, im).Content] = true
	if len(seen) != 24 {
		t.Errorf("%d keys of 24 films", len(seen))
	}
}
