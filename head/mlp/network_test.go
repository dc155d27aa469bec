package mlp

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// numbers are those of testdata/reference.py.
func numbers(n, seed int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(float64(uint32(i+seed)*2654435761>>16)/65536 - 0.5)
	}
	return v
}

// sample is the films of testdata/reference.py.
func sample(n, dim, findings int) *films {
	f := &films{n: n, dim: dim, findings: findings, x: numbers(n*dim, 1)}
	for i := range f.x {
		f.x[i] *= 4
	}
	missing, weights := numbers(n*findings, 999), numbers(n*findings, 555)
	for i, v := range numbers(n*findings, 7777) {
		class, w := float32(0), 1+weights[i]
		if v > 0 {
			class = 1
		}
		if missing[i] > 0.3 {
			w = 0
		}
		f.y, f.w = append(f.y, class), append(f.w, w)
	}
	return f
}

func build(t *testing.T, o *Trainer, data *films, capacity int) *network {
	t.Helper()
	o, err := o.options()
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(o, data, capacity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	for i, d := range n.dense {
		copy(d.weights, numbers(len(d.weights), 100*i))
		copy(d.bias, numbers(len(d.bias), 50+i))
	}
	return n
}

func span(from, to int) (at []int) {
	for i := from; i < to; i++ {
		at = append(at, i)
	}
	return at
}

func TestEqualsPyTorchStepByStep(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Losses, Mean, Variance []float64
		Use                    float64
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	data := sample(50, 20, 3)
	n := build(t, &Trainer{Hidden: []int{16, 12}, L2: 0.01, Rate: 0.01}, data, 17)
	o := newOptimizer(n.trainer, n.parameters)
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
			t.Errorf("%s is %.7f, PyTorch's %.7f", what, got, want)
		}
	}
	step := 0
	for range 6 {
		for _, batch := range [][]int{span(0, 17), span(17, 34), span(34, 50)} { // the last is smaller
			loss, err := n.step(data, batch)
			if err != nil {
				t.Fatal(err)
			}
			near("loss", loss, want.Losses[step])
			o.step(n.trainer.Rate)
			step++
		}
	}
	if step != len(want.Losses) {
		t.Fatalf("%d steps, PyTorch took %d", step, len(want.Losses))
	}
	for j, v := range want.Mean {
		near("running mean", float64(n.norms[0].running[j]), v)
		near("running variance", float64(n.norms[0].runningVar[j]), want.Variance[j])
	}
	loss, _ := data.evaluate(n.layers())
	near("loss in use", loss, want.Use)
}

func TestGradientsAreCentralDifferences(t *testing.T) {
	data := sample(9, 5, 2)
	n := build(t, &Trainer{Hidden: []int{6, 4}}, data, 12) // room for more films than there are
	loss := func() float64 {
		v, err := n.step(data, span(0, 9))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	loss()
	var gradients [][]float32
	for _, p := range n.parameters {
		gradients = append(gradients, slices.Clone(p.gradient))
	}
	for i, p := range n.parameters {
		for j := range p.value {
			const h = 1e-4 // small, for units that are about to turn on
			before := p.value[j]
			p.value[j] = before + h
			up := loss()
			p.value[j] = before - h
			down := loss()
			p.value[j] = before
			if d := (up - down) / (2 * h); math.Abs(d-float64(gradients[i][j])) > 2e-3 {
				t.Errorf("parameter %d, value %d: gradient %.5f, differences give %.5f", i, j, gradients[i][j], d)
			}
		}
	}
}

func TestDropout(t *testing.T) {
	data := sample(50, 20, 3)
	n := build(t, &Trainer{Hidden: []int{64}, Dropout: 0.25}, data, 50)
	first, err := n.step(data, span(0, 50))
	if err != nil {
		t.Fatal(err)
	}
	again, err := n.step(data, span(0, 50))
	if err != nil || first == again {
		t.Errorf("two steps leave out the same units: losses %v and %v, error %v", first, again, err)
	}
	same := build(t, &Trainer{Hidden: []int{64}, Dropout: 0.25}, data, 50)
	if v, err := same.step(data, span(0, 50)); err != nil || v != first {
		t.Errorf("another run of the same seed has loss %v, not %v; error %v", v, first, err)
	}
}

func TestLARSStepsInProportionToTheWeights(t *testing.T) {
	p := &parameter{value: []float32{3, 4}, gradient: []float32{0, 10}, weights: true}
	b := &parameter{value: []float32{1}, gradient: []float32{2}}
	o := newOptimizer(&Trainer{Optimizer: LARS}, []*parameter{p, b})
	o.step(0.1)
	// Norm 5 of the weights, 10 of the gradient: 0.1 * 0.001 * 5/10 of the gradient.
	if d := p.value[1] - (4 - 0.1*0.001*0.5*10); math.Abs(float64(d)) > 1e-6 || p.value[0] != 3 {
		t.Errorf("weights %v", p.value)
	}
	if d := b.value[0] - (1 - 0.1*2); math.Abs(float64(d)) > 1e-6 {
		t.Errorf("bias %v", b.value)
	}
}

func TestCosineSchedule(t *testing.T) {
	o := &Trainer{Schedule: Cosine, Rate: 2}
	for step, want := range map[int]float64{0: 2, 50: 1, 100: 0} {
		if got := o.rate(step, 100); math.Abs(got-want) > 1e-12 {
			t.Errorf("rate %v at step %d of 100, want %v", got, step, want)
		}
	}
}
