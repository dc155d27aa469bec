package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Attention of strided factors is what its formula says, on every path.
func TestAttention(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, path := range Paths() {
		t.Run(path.String(), func(t *testing.T) {
			defer Use(path)()
			for range 60 {
				rows, size, keys, width := 1+rng.IntN(AttentionRows), 1+rng.IntN(70), 1+rng.IntN(200), 1+rng.IntN(70)
				a := Attention{Size: size, Keys: keys, Width: width, Scale: 0.1 + rng.Float32(), ValueScale: 1, KeyRow: 1, KeyColumn: size + rng.IntN(9), ValueRow: width + rng.IntN(9), ValueColumn: 1}
				if rng.IntN(2) == 0 { // keys as product wants them
					a.KeyRow, a.KeyColumn = keys+rng.IntN(9), 1
				}
				if rng.IntN(2) == 0 {
					a.ValueScale = 0.5 + rng.Float32()
				}
				ldq, ldo := size+rng.IntN(9), width+rng.IntN(9)
				q := random(rng, rows*ldq)
				k, v := random(rng, (size-1)*a.KeyRow+(keys-1)*a.KeyColumn+1), random(rng, (keys-1)*a.ValueRow+(width-1)*a.ValueColumn+1)
				scratch, out := make([]float32, a.Scratch()), make([]float32, rows*ldo)
				fill(out)
				a.Pack(k, v, scratch)
				a.Run(out, ldo, q, ldq, rows, scratch)
				for r := range rows {
					weights, sum := make([]float64, keys), 0.0
					for j := range weights {
						var s float64
						for i := range size {
							s += float64(q[r*ldq+i]) * float64(k[i*a.KeyRow+j*a.KeyColumn])
						}
						weights[j] = math.Exp(s * float64(a.Scale))
						sum += weights[j]
					}
					for c := range ldo {
						want := 7.0 // left alone
						if c < width {
							want = 0
							for j, w := range weights {
								want += w / sum * float64(v[j*a.ValueRow+c*a.ValueColumn]) * float64(a.ValueScale)
							}
						}
						if got := float64(out[r*ldo+c]); math.Abs(got-want) > 1e-4 {
							t.Fatalf("%+v, %d rows: out %d, %d is %v, want %v", a, rows, r, c, got, want)
						}
					}
				}
			}
		})
	}
}
