package j2k

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// lifted97 is the irreversible filter step by step, as T.800 F.3.8.2.1.2 tells it.
func lifted97(in []float32, low, odd int) []float32 {
	n := len(in)
	out := make([]float32, n)
	if n == 1 {
		return slices.Clone(in)
	}
	for i, v := range in {
		if i < low {
			out[2*i+odd] = float32(v * lowScale)
		} else {
			out[2*(i-low)+1-odd] = float32(v * highScale)
		}
	}
	at := func(i int) float32 {
		if i < 0 {
			i = -i
		}
		if i >= n {
			i = 2*(n-1) - i
		}
		return out[i]
	}
	for k, factor := range []float32{delta, gamma, beta, alpha} {
		for i := (odd + k) % 2; i < n; i += 2 {
			out[i] -= float32((at(i-1) + at(i+1)) * factor)
		}
	}
	return out
}

func TestIrreversibleRowsAndStrips(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 80; n++ {
		for odd := range 2 {
			low := (n + 1 - odd) / 2
			in := make([]float32, n)
			for i := range in {
				in[i] = rng.Float32()*1000 - 500
			}
			want := lifted97(in, low, odd)
			row := slices.Clone(in)
			row97(row, make([]float32, n), low, odd)
			if !slices.Equal(row, want) {
				t.Fatalf("row of %d, odd %d: %v, want %v", n, odd, row, want)
			}
			const width, stride = 3, 5
			buffer := make([]float32, n*stride)
			for i, v := range in {
				for x := range width {
					buffer[i*stride+x] = v * float32(x+1)
				}
			}
			strip97(buffer, make([]float32, n*width), stride, width, n, low, odd)
			for i := range want {
				if buffer[i*stride] != want[i] || buffer[i*stride+width] != 0 {
					t.Fatalf("strip of %d, odd %d: row %d is %v, want %v", n, odd, i, buffer[i*stride:][:stride], want[i])
				}
			}
		}
	}
}

func TestReversibleRowsAndStrips(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := 2; n < 40; n++ {
		for odd := range 2 {
			low := (n + 1 - odd) / 2
			in, out := make([]int32, n), make([]int32, n)
			for i := range in {
				in[i] = rng.Int32N(2000) - 1000
				if i < low {
					out[2*i+odd] = in[i]
				} else {
					out[2*(i-low)+1-odd] = in[i]
				}
			}
			at := func(i int) int32 {
				if i < 0 {
					i = -i
				}
				if i >= n {
					i = 2*(n-1) - i
				}
				return out[i]
			}
			for i := odd; i < n; i += 2 {
				out[i] -= (at(i-1) + at(i+1) + 2) >> 2
			}
			for i := 1 - odd; i < n; i += 2 {
				out[i] += (at(i-1) + at(i+1)) >> 1
			}
			row, strip := slices.Clone(in), slices.Clone(in)
			row53(row, make([]int32, n), low, odd)
			strip53(strip, make([]int32, n), 1, 1, n, low, odd)
			if !slices.Equal(row, out) || !slices.Equal(strip, out) {
				t.Fatalf("%d samples, odd %d: %v and %v, want %v", n, odd, row, strip, out)
			}
		}
	}
}
