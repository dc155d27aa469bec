package cxrbeam_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
)

var (
	many      = flag.Int("films", 0, "films of TestManyFilms")
	manyModel = flag.String("films_model", "", "ONNX file for them; empty: the small encoder")
)

// TestManyFilms measures a run over so many phantoms of 64 pixels:
//
//	go test -run TestManyFilms -v -timeout 2h -films 10000 ./cxrbeam
//	go test -run TestManyFilms -v -timeout 2h -films 1000 -cluster flink -parallelism 1 ./cxrbeam
func TestManyFilms(t *testing.T) {
	if *many == 0 {
		t.Skip("-films says how many")
	}
	in := t.TempDir()
	start := time.Now()
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < *many; i += 2 {
				name := filepath.Join(in, fmt.Sprintf("%03d/%06d.dcm", i/1000, i))
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Error(err)
				}
				film := phantom.Film{Seed: uint64(i), Anatomy: uint64(i), Size: 64}
				if err := os.WriteFile(name, film.DICOM(), 0o666); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d films drawn in %v", *many, time.Since(start))
	stuck = 2 * time.Hour
	o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local", File: *manyModel}, Output: t.TempDir(), Format: "arrow", Shards: 16}
	for _, what := range []string{"first run", "second run"} {
		before := usage(t)
		times := func() []time.Duration { return nil }
		if engine != nil {
			times = engine.Watch()
		}
		start := time.Now()
		counts, err := run(t, pipeline(t, o, nil, in))
		if err != nil {
			t.Fatal(err)
		}
		took, after := time.Since(start), usage(t)
		t.Logf("%s: %v, %.1f films/s, %v of processor time, peak memory %d MiB so far; %v", what, took, float64(*many)/took.Seconds(), cpu(after)-cpu(before), after.Maxrss>>10, counts)
		if of := times(); engine != nil {
			t.Logf("%s: processor time of each worker process: %v", what, of)
		}
	}
	r, err := shards.Read(o.Output)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Len() != *many {
		t.Errorf("%d rows", r.Len())
	}
}

func usage(t *testing.T) (u syscall.Rusage) {
	t.Helper()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

func cpu(u syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
