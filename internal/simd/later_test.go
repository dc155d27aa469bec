package simd

import (
	"slices"
	"sync"
	"testing"
)

// Whoever comes first packs the weights, and all see them packed.
func TestFirstUseTogether(t *testing.T) {
	const k, n, users = 300, 400, 8
	a, b := make([]float32, k), make([]float32, k*n)
	for i := range b {
		b[i] = float32(i%17 - 8)
	}
	for i := range a {
		a[i] = float32(i%5 - 2)
	}
	want := make([]float32, n)
	for j := range want {
		for i := range k {
			want[j] += a[i] * b[i*n+j]
		}
	}
	packed := Pack(k, n, b, n, 1, nil, Single)
	var together sync.WaitGroup
	for range users {
		together.Go(func() {
			c := make([]float32, n)
			if Gemm(c, n, a, k, 1, packed, None); !slices.Equal(c, want) {
				t.Error("other values")
			}
		})
	}
	together.Wait()
	if packed.later.do != nil {
		t.Error("the weights are still held")
	}
}
