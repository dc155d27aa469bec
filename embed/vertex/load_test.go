package vertex_test

import (
	"context"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

func TestManyFilmsInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	c, _ := client(t, vertex.V1, nil, nil)
	im := film(c.Space(), 1)
	heap := func(n int) uint64 {
		run := embed.Run{Batch: 4, Parallel: 4}
		if err := run.Do(t.Context(), c, &repeat{im, n}, func(embed.Event) error { return nil }); err != nil {
			t.Fatal(err)
		}
		for range 3 { // pools give their buffers up in two rounds
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	if before, after := heap(100), heap(2000); after > before+4<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
}

// A repeat is a source of the same film.
type repeat struct {
	film *cxr.Image
	left int
}

func (r *repeat) Next(context.Context) (*cxr.Image, error) {
	if r.left--; r.left < 0 {
		return nil, io.EOF
	}
	return r.film, nil
}

// Sixteen calls wait for each other, so they must be there at once; a
// seventeenth must not.
func TestParallel(t *testing.T) {
	const parallel = 16
	arrived, all := make(chan struct{}, parallel), make(chan struct{})
	go func() {
		for range parallel {
			<-arrived
		}
		close(all)
	}()
	alone := false
	c, s := client(t, vertex.V1, &vertextest.Options{Latency: 20 * time.Millisecond, Fault: func(call int) vertextest.Fault {
		if call < parallel {
			arrived <- struct{}{}
			select {
			case <-all:
			case <-time.After(20 * time.Second):
				alone = true
			}
		}
		return vertextest.Fault{}
	}}, func(o *vertex.Options) { o.Parallel, o.MaxBatch = parallel, 1 })
	if _, err := c.Embed(t.Context(), films(c.Space(), 3*parallel)...); err != nil {
		t.Fatal(err)
	}
	if alone || s.Most() != parallel || s.Calls() != 3*parallel {
		t.Errorf("%d calls, %d at once, want %d and %d", s.Calls(), s.Most(), 3*parallel, parallel)
	}
}

// Waiting for 200 ms answers 32 at a time: an ideal client needs 7 rounds.
func BenchmarkThroughput(b *testing.B) {
	c, _ := client(b, vertex.V1, &vertextest.Options{Latency: 200 * time.Millisecond}, func(o *vertex.Options) { o.Parallel, o.MaxBatch = 32, 1 })
	list := films(c.Space(), 32*7)
	if _, err := c.Embed(b.Context(), list[:32]...); err != nil { // connects
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Embed(b.Context(), list...); err != nil {
			b.Fatal(err)
		}
	}
	ideal := 7 * 200 * time.Millisecond
	b.ReportMetric(100*ideal.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "%ideal")
}
