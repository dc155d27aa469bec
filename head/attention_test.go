package head_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

func TestAttentionIsATrainer(t *testing.T) { headtest.TestTrainer(t, head.Attention{}) }

// The minimum is that which SciPy comes to from the same start
// (testdata/attention.py).
func TestAttentionReachesTheMinimumOfSciPy(t *testing.T) {
	var want struct {
		C, Sharpness float64
		Tokens       int
		Values       [][]float32
		Positive     []bool
		Query        []float64
		Weights      []float64
		LogOdds      []float64 `json:"log_odds"`
	}
	file, err := os.ReadFile("testdata/attention.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &want); err != nil {
		t.Fatal(err)
	}
	space := cxr.Space{Model: "test", Tokens: want.Tokens, Dim: len(want.Query)}
	d := &head.Dataset{Findings: []string{"x"}}
	for i, v := range want.Values {
		l := head.Negative
		if want.Positive[i] {
			l = head.Positive
		}
		d.Examples = append(d.Examples, head.Example{Embedding: &cxr.Embedding{ID: fmt.Sprint(i), Space: space, Values: v}, Labels: []head.Label{l}})
	}
	m, err := head.Attention{C: want.C, Sharpness: want.Sharpness}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := m.Spec()
	closeTo(t, "query", s.Queries, want.Query, 2e-5)
	closeTo(t, "weights", s.Layers[0].Weights, want.Weights, 2e-5)
	for i, e := range d.Examples {
		_, z, err := m.Scores(e.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, fmt.Sprintf("log odds of film %d", i), z, want.LogOdds[i:i+1], 5e-5)
	}
}

func closeTo(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, v := range got {
		if !(math.Abs(v-want[i]) <= tolerance) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

// placed is films of eight tokens, one of which shows the finding, if the film has
// it, and is marked; which one changes from film to film.
func placed(seed uint64, films int) *head.Dataset {
	const tokens, dim = 8, 6
	rng := rand.New(rand.NewPCG(seed, 8))
	d := &head.Dataset{Findings: []string{"nodule"}}
	space := cxr.Space{Model: "placed", Recipe: "standard/1", Tokens: tokens, Dim: dim}
	for i := range films {
		e := &cxr.Embedding{ID: fmt.Sprint(i), Space: space, Values: make([]float32, tokens*dim)}
		for k := range e.Values {
			e.Values[k] = float32(rng.NormFloat64())
		}
		label, at := head.Label(head.Negative), rng.IntN(tokens)
		e.Values[at*dim] += 6
		if rng.IntN(3) == 0 {
			label = head.Positive
			e.Values[at*dim+1] += 2
		}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Patient: fmt.Sprint(i), Labels: []head.Label{label}})
	}
	return d
}

func TestAttentionFindsThePlace(t *testing.T) {
	train, test := placed(1, 400), placed(2, 2000)
	area := func(trainer head.Trainer) (float64, *head.Model) {
		t.Helper()
		m, err := trainer.Fit(t.Context(), train, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Evaluate(m, test, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Findings[0].AUC.Value, m
	}
	mean, _ := area(head.Linear{})
	pooled, m := area(head.Attention{Sharpness: 3})
	const best = 0.921 // of a finding of two deviations in the marked token: the normal distribution at sqrt 2
	if mean > 0.75 || pooled < best-0.03 {
		t.Errorf("AUC %.3f by the mean and %.3f by attention, at best %.3f", mean, pooled, best)
	}
	right := 0
	for _, e := range test.Examples {
		shares, err := m.Attention(e.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		marked := 0
		var sum float64
		for k, a := range shares[0] {
			sum += a
			if e.Embedding.Values[k*6] > e.Embedding.Values[marked*6] {
				marked = k
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatalf("shares sum to %v", sum)
		}
		if slices.Max(shares[0]) == shares[0][marked] {
			right++
		}
	}
	if right < 1900 {
		t.Errorf("the marked token counts most in %d films of %d", right, len(test.Examples))
	}
}

// A head with attention is saved whole, and exported.
func TestAttentionIsSavedAndExported(t *testing.T) {
	d := placed(3, 200)
	m, err := head.Attention{Sharpness: 2}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	var file, exported bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	again, err := head.ReadModel(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.WriteONNX(&exported); err != nil {
		t.Fatal(err)
	}
	graph, err := onnx.Parse(exported.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Examples {
		p, _ := m.Predict(e.Embedding)
		q, err := again.Predict(e.Embedding)
		if err != nil || !slices.Equal(p, q) {
			t.Fatalf("read again: %v, want %v; error %v", q, p, err)
		}
		film := grid{rows: e.Embedding.Tokens, cols: e.Embedding.Dim}
		for _, v := range e.Embedding.Values {
			film.values = append(film.values, float64(v))
		}
		closeTo(t, "exported", run(t, graph, film), p, 1e-5)
	}

	s := m.Spec()
	for name, wrong := range map[string]func(s *head.Spec){
		"queries of":     func(s *head.Spec) { s.Queries = s.Queries[1:] },
		"are not finite": func(s *head.Spec) { s.Queries[3] = math.NaN() },
		"before 2 layers": func(s *head.Spec) {
			s.Layers = append(s.Layers, head.Layer{In: 1, Out: 1, Weights: []float64{1}, Bias: []float64{0}})
		},
		"queries of 0 numb": func(s *head.Spec) { s.Queries = []float64{} },
	} {
		bad := m.Spec()
		wrong(&bad)
		if _, err := head.NewModel(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one of %q", err, name)
		}
	}
	if _, err := head.NewModel(s); err != nil {
		t.Error(err)
	}
	if _, err := (head.Attention{Sharpness: -1}).Fit(t.Context(), d, nil); err == nil {
		t.Error("a negative sharpness is taken")
	}
}
