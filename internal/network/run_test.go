package network

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// run compiles a model and runs it once on values in the order of its input.
func run(m *onnx.Model, o Options, values []float32) (out []float32, p *Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a run: %v", r)
		}
	}()
	if p, err = Compile(m, o); err != nil {
		return nil, nil, err
	}
	if len(values) != product(p.Input) {
		return nil, p, fmt.Errorf("%d values for an input of %v", len(values), p.Input)
	}
	memory := make([]float32, p.Memory)
	for i := range memory {
		memory[i] = float32(math.NaN()) // what nobody wrote must not be read
	}
	feed(p, m, memory, values)
	execute(p, memory, o.Threads)
	return slices.Clone(p.Out(memory)), p, nil
}

// feed writes values in the order of the model's input.
func feed(p *Program, m *onnx.Model, memory, values []float32) {
	dst := p.In(memory)
	if s := m.Inputs[0].Shape; slices.Contains([]int{1, 3}, s[3]) && !slices.Contains([]int{1, 3}, s[1]) {
		copy(dst, values)
		return
	}
	films, channels, places := p.Input[0], p.Input[1], p.Input[2]*p.Input[3]
	for f := range films {
		for ch := range channels {
			for i := range places {
				dst[(f*places+i)*channels+ch] = values[(f*channels+ch)*places+i]
			}
		}
	}
}

// execute runs the steps, the parts of a shared one at once.
func execute(p *Program, memory []float32, threads int) {
	for i := range p.Steps {
		do := p.Steps[i].Bind(memory)
		if !p.Steps[i].Shared {
			do(simd.Whole)
			continue
		}
		var group sync.WaitGroup
		failures := make([]any, threads)
		for part := range threads {
			group.Go(func() {
				defer func() { failures[part] = recover() }()
				do(simd.Part{Index: part, Of: threads})
			})
		}
		group.Wait()
		for _, failure := range failures {
			if failure != nil {
				panic(failure)
			}
		}
	}
}

// formula is the input of the corpus and of the exports.
func formula(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = (float32(uint32(i)*2654435761>>22) - 512) / 512
	}
	return out
}

// differs says how a result differs from the right one by more than a share of its
// spread, or of what float32 can tell apart near it; empty if it does not.
func differs(got []float32, shape []int, want []float32, wantShape []int, share float64) string {
	if !slices.Equal(shape, wantShape) || len(got) != len(want) {
		return fmt.Sprintf("shape %v, want %v", shape, wantShape)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range want {
		if !math.IsInf(float64(v), 0) {
			low, high = min(low, float64(v)), max(high, float64(v))
		}
	}
	spread := max(high-low, max(math.Abs(high), math.Abs(low))/4, 1e-3)
	worst, at := 0.0, 0
	for i, w := range want {
		g := got[i]
		if g == w || g != g && w != w {
			continue
		}
		d := math.Abs(float64(g) - float64(w))
		if d != d || d > worst {
			worst, at = d, i
			if d != d {
				worst = math.Inf(1)
			}
		}
	}
	if worst > share*spread {
		return fmt.Sprintf("value %d is %v, want %v: %.2g of the spread", at, got[at], want[at], worst/spread)
	}
	return ""
}

// paths runs a test on every kernel path.
func paths(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, path := range simd.Paths() {
		t.Run(path.String(), func(t *testing.T) {
			defer simd.Use(path)()
			f(t)
		})
	}
}

// worst is the largest difference as a share of the spread.
func worst(got, want []float32) float64 {
	low, high, most := math.Inf(1), math.Inf(-1), 0.0
	for i, w := range want {
		low, high = min(low, float64(w)), max(high, float64(w))
		most = max(most, math.Abs(float64(w)-float64(got[i])))
	}
	return most / (high - low)
}
