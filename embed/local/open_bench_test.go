package local

import (
	"flag"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/internal/simd"
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

// How well the steps of a network part, on one core: the sum of the least times of
// all steps, and that of the longer half of each.
//
//	go test ./embed/local -run '^$' -bench Halves -benchtime 60x -cpu 1 -args -model FILE.onnx
func BenchmarkHalves(b *testing.B) {
	if *model == "" {
		b.Skip("needs -args -model FILE.onnx")
	}
	e, err := Open(*model, &Options{Parallel: 1, Threads: 2})
	if err != nil {
		b.Fatal(err)
	}
	p := e.program
	memory := make([]float32, p.Memory)
	run, times := make([]func(simd.Part), len(p.Steps)), make([][3]time.Duration, len(p.Steps))
	for i := range p.Steps {
		run[i], times[i] = p.Steps[i].Bind(memory), [3]time.Duration{time.Hour, time.Hour, time.Hour}
	}
	parts := [3]simd.Part{simd.Whole, {Index: 0, Of: 2}, {Index: 1, Of: 2}}
	timed := func(i, part int) {
		begin := time.Now()
		run[i](parts[part])
		times[i][part] = min(times[i][part], time.Since(begin))
	}
	for b.Loop() {
		for _, together := range []bool{false, true} {
			for i := range p.In(memory) {
				p.In(memory)[i] = float32(i%255)/127 - 1
			}
			for i := range p.Steps {
				if together && p.Steps[i].Shared {
					timed(i, 1)
					timed(i, 2)
				} else {
					timed(i, 0)
				}
			}
		}
	}
	var one, two, alone time.Duration
	for i, t := range times {
		one += t[0]
		if p.Steps[i].Shared {
			two += max(t[1], t[2])
		} else {
			two, alone = two+t[0], alone+t[0]
		}
	}
	b.ReportMetric(one.Seconds()/two.Seconds(), "ratio")
	b.ReportMetric(alone.Seconds()*1e3, "unshared-ms")
}

// A film by a model of one's own, in each precision, without AMX and with it:
//
//	go test ./embed/local -run '^$' -bench Precision -cpu 1 -args -model FILE.onnx
func BenchmarkPrecision(b *testing.B) {
	if *model == "" {
		b.Skip("needs -args -model FILE.onnx")
	}
	for _, amx := range []bool{false, true} {
		for _, p := range []Precision{Float32, BFloat16} {
			restore := simd.UseAMX(amx)
			e, err := Open(*model, &Options{Parallel: 1, Precision: p})
			if err != nil {
				b.Fatal(err)
			}
			d := e.Describe()
			if name := d.products(); d.Precision == p && strings.Contains(name, "AMX") == amx {
				b.Run(name, func(b *testing.B) {
					film := make([]float32, e.pre.Channels*e.pre.Width*e.pre.Height)
					for i := range film {
						film[i] = float32(i%255)/127 - 1
					}
					run := func() {
						if _, _, err := e.Raw(b.Context(), film); err != nil {
							b.Fatal(err)
						}
					}
					run() // packs the weights
					for b.Loop() {
						run()
					}
				})
			}
			restore()
		}
	}
}
