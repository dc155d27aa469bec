package logistic

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// testProblem is 2000 x dim noise with a planted direction.
func testProblem(n, dim int, c float64) *Problem {
	rng := rand.New(rand.NewPCG(1, 2))
	p := &Problem{C: c, Mean: make([]float64, dim), Scale: make([]float64, dim)}
	truth := make([]float64, dim)
	for j := range truth {
		truth[j] = rng.NormFloat64()
		p.Scale[j] = 1
	}
	for range n {
		row := make([]float32, dim)
		var z float64
		for j := range row {
			row[j] = float32(rng.NormFloat64() * 0.3)
			z += float64(row[j]) * truth[j]
		}
		p.Rows = append(p.Rows, row)
		p.Positive = append(p.Positive, rng.Float64() < 1/(1+math.Exp(-z)))
		p.Weight = append(p.Weight, 1)
	}
	return p
}

func BenchmarkSolve(b *testing.B) {
	for _, c := range []float64{1, 0.01} {
		b.Run(fmt.Sprintf("C=%v", c), func(b *testing.B) {
			p := testProblem(2000, 1376, c)
			passes := 0
			for b.Loop() {
				s, err := p.Solve(context.Background(), nil, 1e-7)
				if err != nil {
					b.Fatal(err)
				}
				passes = s.Passes
			}
			b.ReportMetric(float64(passes), "passes")
		})
	}
}
