package local

import (
	"flag"
	"strconv"
	"testing"
	"time"
)

var model = flag.String("model", "", "ONNX file for benchmarks")

// Opening a model from a warm disk:
//
//	go test ./embed/local -run '^$' -bench Open -args -model FILE.onnx
func BenchmarkOpen(b *testing.B) {
	if *model == "" {
		b.Skip("needs -args -model FILE.onnx")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(*model, &Options{Parallel: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

// A film on one thread and on two together:
//
//	go test ./embed/local -run '^$' -bench Threads -args -model FILE.onnx
func BenchmarkThreads(b *testing.B) {
	if *model == "" {
		b.Skip("needs -args -model FILE.onnx")
	}
	for _, threads := range []int{1, 2} {
		b.Run(strconv.Itoa(threads), func(b *testing.B) {
			e, err := Open(*model, &Options{Parallel: 1, Threads: threads})
			if err != nil {
				b.Fatal(err)
			}
			film := make([]float32, e.pre.Channels*e.pre.Width*e.pre.Height)
			for i := range film {
				film[i] = float32(i%255)/127 - 1
			}
			least := time.Hour // on a machine with other work
			for b.Loop() {
				begin := time.Now()
				if _, _, err := e.Raw(b.Context(), film); err != nil {
					b.Fatal(err)
				}
				least = min(least, time.Since(begin))
			}
			b.ReportMetric(least.Seconds()*1e3, "least-ms")
		})
	}
}

// A film by a model of one's own, in each precision:
//
//	go test ./embed/local -run '^$' -bench Precision -cpu 1 -args -model FILE.onnx
func BenchmarkPrecision(b *testing.B) {
	if *model == "" {
		b.Skip("needs -args -model FILE.onnx")
	}
	for _, p := range []Precision{Float32, BFloat16} {
		b.Run(p.String(), func(b *testing.B) {
			e, err := Open(*model, &Options{Parallel: 1, Precision: p})
			if err != nil {
				b.Fatal(err)
			}
			if e.Describe().Precision != p {
				b.Skip("not on this processor")
			}
			film := make([]float32, e.pre.Channels*e.pre.Width*e.pre.Height)
			for i := range film {
				film[i] = float32(i%255)/127 - 1
			}
			for b.Loop() {
				if _, _, err := e.Raw(b.Context(), film); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
