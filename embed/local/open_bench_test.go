package local

import (
	"flag"
	"testing"
)

var model = flag.String("model", "", "ONNX file for BenchmarkOpen")

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
