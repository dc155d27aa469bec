package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever bits values have, every path makes the same of them as Go.
func TestBytesAreThoseOfGo(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	const rows, depth, columns = 9, 8, 64
	n := rows * columns
	src := make([]float32, n)
	for i := range src {
		switch src[i] = math.Float32frombits(rng.Uint32()); i % 3 {
		case 0: // of the grids
			src[i] = float32(rng.IntN(1<<12)-1<<11) / 16
		case 1: // infinities and NaN, signaling ones among them
			src[i] = math.Float32frombits(rng.Uint32()&0x80400003 | 0x7f800000)
		}
	}
	a, _ := randomBytes(rng, n)
	b, weights := randomBytes(rng, n) // of which a product takes some
	scale := slices.Repeat([]float32{float32(math.NaN()), 1.0 / 4096, 3e-38, float32(math.Inf(-1))}, columns/4)
	results := func() (all []uint32) {
		keep := func(values []float32) {
			for _, v := range values {
				if v != v { // which of the NaN is no matter
					v = float32(math.NaN())
				}
				all = append(all, math.Float32bits(v))
			}
		}
		bytes, floats := make([]uint8, n), make([]float32, n)
		for _, g := range []Grid{{0.125, 100}, {1e-3, 0}, {3e30, 255}} {
			g.Quantize(bytes, src, Limits{3, 240})
			g.Widen(floats, bytes)
			keep(floats)
			g.Snap(floats, src)
			keep(floats)
			g.AddBytes(bytes, a, b, Grid{0.3, 7}, Grid{0.02, 255}, AllBytes)
			g.Widen(floats, bytes)
			keep(floats)
		}
		for i := range rows {
			low, high := Extremes(src[i*columns:][:columns])
			keep([]float32{low, high})
		}
		packed := NewPackedBytes(depth, columns, nil)
		packed.Fill(0, depth, weights, columns, 1)
		p := Product{B: packed, Start: make([]int32, columns), Scale: scale, Zero: 30, Limits: Limits{5, 250}, Bias: src[:columns]}
		packed.Start(p.Start, 7, nil)
		p.Requantize(bytes, columns, a, depth, rows, Whole)
		Grid{1, 0}.Widen(floats, bytes)
		keep(floats)
		p.Rescale(floats, columns, a, depth, rows, Whole)
		keep(floats)
		return all
	}
	restore := Use(Generic)
	want := results()
	restore()
	onEveryIntegerPath(t, func(t *testing.T) {
		for i, got := range results() {
			if got != want[i] {
				t.Fatalf("value %d is %v, want %v", i, math.Float32frombits(got), math.Float32frombits(want[i]))
			}
		}
	})
}
