package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkGemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{12544, 32, 16}, {784, 144, 40}, {196, 480, 112}, {196, 1152, 128}, {49, 1152, 320}, {49, 4608, 512}, {197, 768, 3072}, {197, 3072, 768}, {512, 512, 512}} {
		m, k, n := s[0], s[1], s[2]
		a, w, c := random(rng, m*k), random(rng, k*n), make([]float32, m*n)
		for _, path := range Paths() {
			b.Run(fmt.Sprintf("%dx%dx%d/%v", m, k, n, path), func(b *testing.B) {
				defer Use(path)()
				p := Pack(k, n, w, n, 1, nil, Single)
				for b.Loop() {
					Gemm(c, n, a, k, m, p, None)
				}
				b.ReportMetric(2*float64(m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkConv(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	window := func(size, stride int) Window {
		return Window{Height: size, Width: size, StrideY: stride, StrideX: stride, DilationY: 1, DilationX: 1, Top: size / 2, Left: size / 2, Bottom: size / 2, Right: size / 2}
	}
	for _, c := range []struct {
		name             string
		in               Shape
		channels, groups int
		Window
	}{
		{"3x3", Shape{28, 28, 64}, 64, 1, window(3, 1)},
		{"3x3 by two", Shape{28, 28, 64}, 64, 1, window(3, 2)},
		{"depthwise", Shape{28, 28, 64}, 64, 64, window(3, 1)},
	} {
		src, weights := random(rng, c.in.Len()), random(rng, c.channels*c.in.Channels/c.groups*c.Height*c.Width)
		for _, path := range Paths() {
			b.Run(fmt.Sprintf("%s/%v", c.name, path), func(b *testing.B) {
				defer Use(path)()
				conv := NewConv(c.in, c.channels, c.groups, c.Window, weights, nil, Single)
				dst, scratch := make([]float32, conv.Out.Len()), make([]float32, conv.Scratch())
				for b.Loop() {
					conv.Run(dst, src, scratch, Relu)
				}
			})
		}
	}
}

func BenchmarkActivation(b *testing.B) {
	const n = 4096
	src := random(rand.New(rand.NewPCG(1, 2)), n)
	x := make([]float32, n)
	for name, f := range map[string]func(){
		"swish":   func() { copy(x, src); Swish.Apply(x) },
		"gelu":    func() { copy(x, src); Gelu.Apply(x) },
		"softmax": func() { Softmax(x, src) },
	} {
		for _, path := range Paths() {
			b.Run(fmt.Sprintf("%s/%v", name, path), func(b *testing.B) {
				defer Use(path)()
				for b.Loop() {
					f()
				}
			})
		}
	}
}
