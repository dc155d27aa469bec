package network

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// What the networks compute is tested in embed/local, against ONNX Runtime.

func TestBroadcast(t *testing.T) {
	tests := []struct{ a, b, want []int }{
		{[]int{2, 3}, []int{2, 3}, []int{2, 3}},
		{[]int{2, 3}, []int{3}, []int{2, 3}},
		{[]int{1, 4, 1, 1}, []int{1, 4, 5, 6}, []int{1, 4, 5, 6}},
		{nil, []int{7}, []int{7}},
		{[]int{2, 1}, []int{3}, []int{2, 3}},
		{[]int{2}, []int{3}, nil},
	}
	for _, test := range tests {
		if got := broadcast(test.a, test.b); !slices.Equal(got, test.want) {
			t.Errorf("%v with %v is %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// Buffers that are alive at the same time must not share memory.
func TestLayOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var buffers []*buffer
		total := 0
		for i := range 1 + rng.IntN(40) {
			b := &buffer{n: rng.IntN(300), first: i, lastUse: i + rng.IntN(6)}
			total += b.n + 16
			buffers = append(buffers, b)
		}
		memory := layOut(buffers)
		if memory > total {
			t.Fatalf("%d values for buffers of %d", memory, total)
		}
		for i, a := range buffers {
			if a.span.at+a.n > memory {
				t.Fatalf("buffer %+v ends behind %d", a, memory)
			}
			for _, b := range buffers[:i] {
				alive := a.first <= b.lastUse && b.first <= a.lastUse
				if alive && a.n > 0 && b.n > 0 && a.span.at < b.span.at+b.n && b.span.at < a.span.at+a.n {
					t.Fatalf("%+v and %+v overlap", a, b)
				}
			}
		}
	}
}

func TestMover(t *testing.T) {
	src := []float32{0, 1, 2, 3, 4, 5}
	dst := make([]float32, 6)
	newMover([]int{2, 3}, []int{1, 2}, []int{3, 1}).run(dst, 0, src, 0, simd.Whole) // a transposition
	if fmt.Sprint(dst) != "[0 3 1 4 2 5]" {
		t.Errorf("transposed %v", dst)
	}
	newMover([]int{3}, []int{1}, []int{-2}).run(dst, 0, src, 5, simd.Whole) // backwards
	if fmt.Sprint(dst[:3]) != "[5 3 1]" {
		t.Errorf("backwards %v", dst[:3])
	}
}

// Whatever the bytes are, they are refused, or compiled to what runs.
func FuzzCompile(f *testing.F) {
	for _, name := range []string{"resnet", "regnet", "vit", "keras", "pyramid"} {
		data, err := os.ReadFile("../../embed/local/testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, e := range corpus(f) {
		f.Add(e.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, m, err := compileWithin(t, data, Options{Width: 16, Height: 16, Threads: 2, shareAll: true})
		if err != nil {
			return
		}
		if p.Memory < product(p.Input) || len(p.Output) > maxRank {
			t.Fatalf("memory %d for %v", p.Memory, p.Input)
		}
		if p.Memory > 1<<14 || len(p.Steps) > 100 {
			return // some time
		}
		memory := make([]float32, p.Memory)
		feed(p, m, memory, formula(product(p.Input)))
		execute(p, memory, 2)
	})
}
