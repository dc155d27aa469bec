package logistic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime"
	"testing"
)

// uniform is n multiples of 2^-24 in -0.5..0.5, by SplitMix64 as in
// testdata/reference.py.
func uniform(seed uint64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		z := seed + uint64(i+1)*0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		values[i] = float64(z>>40)/(1<<24) - 0.5
	}
	return values
}

// films are those of testdata/reference.py.
func films(n, dim int, weighted bool) *Problem {
	p := &Problem{Mean: make([]float64, dim), Scale: make([]float64, dim), C: 1}
	for j := range p.Scale {
		p.Scale[j] = 1
	}
	x, noise, weight := uniform(1, n*dim), uniform(2, n), uniform(3, n)
	for i := range n {
		row := make([]float32, dim)
		z := 2 * noise[i]
		for j := range row {
			row[j] = float32(x[i*dim+j])
			if j < 16 {
				z += x[i*dim+j] * float64(2*(j%2)-1)
			}
		}
		w := 1.0
		if weighted {
			w = weight[i] + 0.5
		}
		p.Rows, p.Positive, p.Weight = append(p.Rows, row), append(p.Positive, z > 0), append(p.Weight, w)
	}
	return p
}

type reference struct {
	N, Dim    int
	Weighted  bool
	C         float64
	L1Ratio   float64 `json:"l1_ratio"`
	Intercept float64
	Weights   []float64
}

func TestCoefficientsAreScikitLearns(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []reference
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d x %d, C %v, L1 %v, weighted %v", c.N, c.Dim, c.C, c.L1Ratio, c.Weighted), func(t *testing.T) {
			p := films(c.N, c.Dim, c.Weighted)
			p.C, p.L1Ratio = c.C, c.L1Ratio
			s, err := p.Solve(t.Context(), nil, 1e-7)
			if err != nil {
				t.Fatal(err)
			}
			largest := math.Abs(s.Intercept - c.Intercept)
			var zeros, wantZeros int
			for j, w := range s.Weights {
				largest = max(largest, math.Abs(w-c.Weights[j]))
				if w == 0 {
					zeros++
				}
				if c.Weights[j] == 0 {
					wantZeros++
				}
			}
			t.Logf("largest difference %.2g, %d passes, gradient %.2g", largest, s.Passes, s.Slope)
			if largest > 1e-6 {
				t.Errorf("largest difference %g, want at most 1e-6", largest)
			}
			if zeros != wantZeros {
				t.Errorf("%d weights are 0, scikit-learn has %d", zeros, wantZeros)
			}
		})
	}
}

// Features that go together take hundreds of passes without the curvature of a
// sample. With it the same weights come out, sooner.
func TestCurvatureOfASample(t *testing.T) {
	p := films(4000, 60, true)
	for _, row := range p.Rows {
		for j := range row {
			row[j] += 20 * row[j%3]
		}
	}
	with, err := p.Solve(t.Context(), nil, 1e-8)
	if err != nil {
		t.Fatal(err)
	}
	o := newObjective(p)
	x := make([]float64, 61)
	m := minimizer{evaluate: o.evaluate, penalize: 60, step: 1e-3, tolerance: 1e-8}
	if err := m.minimize(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	for j, w := range with.Weights {
		if math.Abs(w-x[j]) > 1e-7 {
			t.Errorf("weight %d is %v with the sample, %v without", j, w, x[j])
		}
	}
	if with.Passes > m.evaluations/2 {
		t.Errorf("%d passes with the sample, %d without", with.Passes, m.evaluations)
	}
}

// Scaling the features by hand and by Mean and Scale is the same.
func TestStandardizationIsArithmetic(t *testing.T) {
	a, b := films(100, 20, true), films(100, 20, true)
	for j := range a.Mean {
		a.Mean[j], a.Scale[j] = float64(j%3)-1, 1/(1+float64(j%5))
		for i := range b.Rows {
			b.Rows[i][j] = float32((float64(a.Rows[i][j]) - a.Mean[j]) * a.Scale[j])
		}
	}
	x, err := a.Solve(t.Context(), nil, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Solve(t.Context(), nil, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	for j := range x.Weights {
		if math.Abs(x.Weights[j]-y.Weights[j]) > 1e-6 { // float32 features
			t.Errorf("weight %d is %v and %v", j, x.Weights[j], y.Weights[j])
		}
	}
}

func TestTheStartDoesNotMatter(t *testing.T) {
	for _, ratio := range []float64{0, 0.5} {
		p := films(300, 30, false)
		p.L1Ratio = ratio
		cold, err := p.Solve(t.Context(), nil, 1e-8)
		if err != nil {
			t.Fatal(err)
		}
		start := &Solution{Weights: uniform(9, 30), Intercept: 3}
		warm, err := p.Solve(t.Context(), start, 1e-8)
		if err != nil {
			t.Fatal(err)
		}
		for j := range cold.Weights {
			if math.Abs(cold.Weights[j]-warm.Weights[j]) > 1e-7 {
				t.Errorf("L1 ratio %v: weight %d is %v and %v", ratio, j, cold.Weights[j], warm.Weights[j])
			}
		}
	}
}

func TestGOMAXPROCSDoesNotMatter(t *testing.T) {
	p := films(1500, 40, false)
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	one, err := p.Solve(t.Context(), nil, 1e-7)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(4)
	four, err := p.Solve(t.Context(), nil, 1e-7)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, four) {
		t.Error("other weights with other GOMAXPROCS")
	}
}

// Data that can be told apart, or that swamp the penalty, still have an end.
func TestHardProblemsConverge(t *testing.T) {
	for name, change := range map[string]func(*Problem){
		"separable, almost no penalty": func(p *Problem) {
			p.C = 1e6
			p.Rows, p.Positive, p.Weight = p.Rows[:20], p.Positive[:20], p.Weight[:20]
		},
		"a feature a thousand times larger": func(p *Problem) {
			for _, r := range p.Rows {
				r[3] *= 1000
			}
		},
		"no spread in a feature":       func(p *Problem) { p.Scale[3] = 0 },
		"a very strong penalty":        func(p *Problem) { p.C = 1e-9 },
		"a strong L1 penalty":          func(p *Problem) { p.C, p.L1Ratio = 1e-6, 1 },
		"one positive among negatives": func(p *Problem) { clear(p.Positive); p.Positive[7] = true },
		"equal features, L1": func(p *Problem) {
			p.L1Ratio = 0.9
			for _, r := range p.Rows {
				r[4] = r[3]
			}
		},
		"weights of twenty magnitudes": func(p *Problem) {
			for i := range p.Weight {
				p.Weight[i] = math.Pow(10, float64(i%20)-15)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := films(300, 30, false)
			change(p)
			s, err := p.Solve(t.Context(), nil, 1e-6)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d passes, gradient %.2g", s.Passes, s.Slope)
		})
	}
}

func TestSolveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := films(100, 5, false).Solve(ctx, nil, 1e-7); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, c := range []float64{1, 0.01} {
		b.Run(fmt.Sprintf("2000x1376/C=%v", c), func(b *testing.B) {
			p := films(2000, 1376, false)
			p.C = c
			b.ReportAllocs()
			passes := 0
			for b.Loop() {
				s, err := p.Solve(b.Context(), nil, 1e-7)
				if err != nil {
					b.Fatal(err)
				}
				passes = s.Passes
			}
			b.ReportMetric(float64(passes), "passes")
		})
	}
}
