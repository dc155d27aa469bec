package local

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/simd"
)

func small(t testing.TB) (*Embedder, *cxr.Image) {
	t.Helper()
	e, err := Open("testdata/regnet.onnx", &Options{Parallel: 1, Preprocess: &Preprocess{Width: 32, Height: 32}})
	if err != nil {
		t.Fatal(err)
	}
	return e, &cxr.Image{ID: "film", Width: 32, Height: 32, Depth: 8, Pix: make([]uint16, 32*32)}
}

func TestPanicInAnOperationIsAnError(t *testing.T) {
	for _, threads := range []int{1, 3} {
		in := &instance{ctx: t.Context(), threads: threads}
		if threads > 1 {
			in.team = newTeam(threads)
			defer in.team.end()
		}
		run := in.operation("Conv of a test", func(p simd.Part) {
			if p.Index == threads-1 {
				panic("index out of range")
			}
		}, true)
		if err := run(); err == nil || !strings.Contains(err.Error(), "Conv of a test: panic: index out of range") {
			t.Errorf("%d threads: error %v", threads, err)
		}
	}
}

func TestPoolSurvivesAFailedRun(t *testing.T) {
	e, film := small(t)
	e.idle[0].steps = func() error { return errors.New("panic in an operation") }
	if _, err := e.Embed(t.Context(), film); err == nil {
		t.Fatal("a failed run gave no error")
	}
	for range 3 {
		if _, err := e.Embed(t.Context(), film); err != nil {
			t.Fatalf("the next run: %v", err)
		}
	}
	if len(e.idle) != 1 {
		t.Errorf("%d instances, want the one that took the broken one's place", len(e.idle))
	}
}

func TestTenThousandRunsDoNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	e, film := small(t)
	heap := func(runs int) (size uint64) {
		for range runs {
			if _, err := e.Embed(t.Context(), film); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, goroutines := heap(200), runtime.NumGoroutine()
	if after := heap(10_000); after > before+256<<10 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}
