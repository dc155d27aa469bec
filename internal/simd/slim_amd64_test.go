package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The tiles of the last columns are chosen by a measurement, so both must give the
// same, bit for bit.
func TestSlimTilesAgree(t *testing.T) {
	if !slices.Contains(Paths(), AVX512) {
		t.Skip("no AVX-512")
	}
	defer Use(AVX512)()
	newPacked(1, 1, nil, Single) // the choice is made
	l := assembly[AVX512]
	chosen, chosenDirect := l.slim, l.slimDirect
	defer func() { l.slim, l.slimDirect = chosen, chosenDirect }()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		m, k, n := 1+rng.IntN(60), 1+rng.IntN(700), 1+rng.IntN(48)
		a, w, bias := random(rng, m*k), random(rng, k*n), random(rng, n)
		in := Shape{1 + rng.IntN(9), 1 + rng.IntN(30), 1 + rng.IntN(4)}
		window := Window{Height: 1 + rng.IntN(in.Height), Width: 1 + rng.IntN(min(in.Width, 5)), StrideY: 1 + rng.IntN(2), StrideX: 1 + rng.IntN(2), DilationY: 1, DilationX: 1}
		kernel := random(rng, n*in.Channels*window.Height*window.Width)
		film := random(rng, in.Len())
		var product, convolution [2][]float32
		for i := range 2 {
			l.slim, l.slimDirect = tiles256, direct256
			if i == 1 {
				l.slim, l.slimDirect = slim512, slimDirect512
			}
			product[i] = make([]float32, m*n)
			Gemm(product[i], n, a, k, m, Pack(k, n, w, n, 1, bias, Single), Relu)
			c := NewConv(in, n, 1, window, kernel, bias, Single)
			convolution[i] = make([]float32, c.Out.Len())
			c.Run(convolution[i], film, make([]float32, c.Scratch()), Relu)
		}
		if !slices.Equal(product[0], product[1]) {
			t.Fatalf("products of %d x %d x %d differ", m, k, n)
		}
		if !slices.Equal(convolution[0], convolution[1]) {
			t.Fatalf("convolutions of %v, %+v to %d differ", in, window, n)
		}
	}
}
