package shards_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store/shards"
)

var vectors = flag.Int("vectors", 10_000, "of the benchmarks")

// wide is the published model's shape.
var wide = cxr.Space{Model: "wide", Recipe: "none/1", Tokens: 1, Dim: 1376}

// fill writes vectors of the benchmarks.
func fill(b *testing.B, dir string) {
	b.Helper()
	s, err := shards.Open(dir, wide, nil)
	if err != nil {
		b.Fatal(err)
	}
	v := &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: wide.Dim}, Values: make([]float32, wide.Dim)}
	for i := range *vectors {
		v.ID = strconv.Itoa(i)
		v.Values[i%wide.Dim] = float32(i)
		sum := sha256.Sum256([]byte(v.ID))
		if err := s.Put(b.Context(), embed.Key{ID: v.ID, Content: hex.EncodeToString(sum[:]), Space: wide}, v); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// Opening, and reading one vector: go test -bench Open -args -vectors 1000000.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir)
	for b.Loop() {
		r, err := shards.Read(dir)
		if err != nil || r.Len() != *vectors || len(r.Values(*vectors-1)) != wide.Dim {
			b.Fatal(err)
		}
		r.Close()
	}
}

func sum(values []float32) float32 {
	var s0, s1, s2, s3 float32
	for ; len(values) >= 4; values = values[4:] {
		s0, s1, s2, s3 = s0+values[0], s1+values[1], s2+values[2], s3+values[3]
	}
	return s0 + s1 + s2 + s3
}

var sink float32

func now() int64 { return time.Now().UnixNano() }

// Adding up all values of shards that are in the page cache, beside the same
// values in one slice: alternating, as the machine's speed changes.
func BenchmarkSum(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir)
	r, err := shards.Read(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	slice := make([]float32, *vectors*wide.Dim)
	for i := range slice {
		slice[i] = 1
	}
	var ours, plain int64
	for b.Loop() {
		start := now()
		for i := range r.Len() {
			sink += sum(r.Values(i))
		}
		middle := now()
		for i := range *vectors {
			sink += sum(slice[i*wide.Dim : (i+1)*wide.Dim])
		}
		ours, plain = ours+middle-start, plain+now()-middle
	}
	b.ReportMetric(float64(ours)/float64(plain), "time/slice's")
	b.ReportMetric(float64(len(slice)*4*b.N)/float64(ours), "GB/s")
}

// stub is an embedder that costs nothing.
type stub struct{ values []float32 }

func (s stub) Space() cxr.Space { return wide }
func (s stub) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out := make([]*cxr.Embedding, len(images))
	for i, m := range images {
		out[i] = &cxr.Embedding{ID: m.ID, Space: wide.For(m), Values: s.values}
	}
	return out, nil
}

// endless makes films of 64 x 64 pixels, each another.
type endless struct{ made, n int }

func (s *endless) Next(context.Context) (*cxr.Image, error) {
	if s.made == s.n {
		return nil, io.EOF
	}
	s.made++
	m := &cxr.Image{ID: strconv.Itoa(s.made), Width: 64, Height: 64, Depth: 16, Pix: make([]uint16, 64*64), Recipe: "none/1"}
	m.Pix[0], m.Pix[1] = uint16(s.made), uint16(s.made>>16)
	return m, nil
}

// The whole pipeline but decoding and the network: go test -bench Pipeline
// -benchtime 1x -args -vectors 100000. rss-MB is the most memory the process
// ever had resident.
func BenchmarkPipeline(b *testing.B) {
	for b.Loop() {
		s, err := shards.Open(b.TempDir(), wide, nil)
		if err != nil {
			b.Fatal(err)
		}
		run := &embed.Run{Store: s, Batch: 16}
		films := 0
		err = run.Do(b.Context(), stub{make([]float32, wide.Dim)}, &endless{n: *vectors}, func(embed.Event) error { films++; return nil })
		if err != nil || films != *vectors {
			b.Fatal(films, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*vectors*b.N)/b.Elapsed().Seconds(), "films/s")
	b.ReportMetric(resident(b), "rss-MB")
}

// resident is the process' peak, where the system tells.
func resident(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Logf("on %s the peak is not told", runtime.GOOS)
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if kb, ok := bytes.CutPrefix(lines.Bytes(), []byte("VmHWM:")); ok {
			n, err := strconv.Atoi(string(bytes.Fields(kb)[0]))
			if err != nil {
				b.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	return 0
}
