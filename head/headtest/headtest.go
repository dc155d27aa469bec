// Package headtest tests implementations of [head.Trainer] with a
// test, and a learning problem with a known answer.
package headtest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// TestTrainer fits some tens of heads on small problems. What it asks for is
// scikit-learn's check_estimator in our words, and what goes wrong elsewhere:
// every finding must be learned from its own column, weight 0 is absent, equal
// input gives equal heads whatever GOMAXPROCS is, bad input is an error.
func TestTrainer(t *testing.T, trainer head.Trainer) {
	c := contract{trainer}
	t.Run("learns what can be learned", c.learns)
	t.Run("finds nothing where there is nothing", c.findsNothing)
	t.Run("learns each finding from its own column", c.columns)
	t.Run("learns from the mean over tokens", c.tokens)
	t.Run("masks missing labels", c.missing)
	t.Run("takes weight 0 for absent", c.weightZero)
	t.Run("changes nothing that it is given", c.leavesInput)
	t.Run("gives the same head again", c.deterministic)
	t.Run("makes heads that survive saving", c.saving)
	t.Run("makes heads that are safe for concurrent use", c.concurrent)
	t.Run("makes heads that refuse other embeddings", c.mismatch)
	t.Run("refuses bad input", c.badInput)
	t.Run("ends with its context", c.cancel)
}

type contract struct{ trainer head.Trainer }

func (c contract) fit(t *testing.T, d *head.Dataset) *head.Model {
	t.Helper()
	h, err := c.trainer.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatalf("Fit: %v", err)
	}
	if !slices.Equal(h.Findings(), d.Findings) {
		t.Fatalf("the head scores %q, the films are labeled for %q", h.Findings(), d.Findings)
	}
	return h
}

func predict(t *testing.T, h head.Head, d *head.Dataset) [][]float64 {
	t.Helper()
	var all [][]float64
	for i, e := range d.Examples {
		p, err := h.Predict(e.Embedding)
		if err != nil {
			t.Fatalf("Predict film %d: %v", i, err)
		}
		if len(p) != len(h.Findings()) {
			t.Fatalf("film %d has %d probabilities for %d findings", i, len(p), len(h.Findings()))
		}
		for _, v := range p {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("film %d has the probability %v", i, v)
			}
		}
		all = append(all, p)
	}
	return all
}

func auc(t *testing.T, h head.Head, d *head.Dataset) []float64 {
	t.Helper()
	r, err := report.Evaluate(h, d, nil)
	if err != nil {
		t.Fatalf("Evaluate: %v", err)
	}
	var all []float64
	for _, f := range r.Findings {
		all = append(all, f.AUC.Value)
	}
	return all
}

func (c contract) learns(t *testing.T) {
	train, test := Gaussian{Seed: 1, Films: 2000, Dim: 8, Strength: 1}, Gaussian{Seed: 2, Films: 4000, Dim: 8, Strength: 1}
	for f, v := range auc(t, c.fit(t, train.Make()), test.Make()) {
		// The test films' own luck is 0.02 at most (95 % interval).
		if v < train.Bayes()-0.03 || v > train.Bayes()+0.03 {
			t.Errorf("finding %d: AUC %.3f, the best there is has %.3f", f, v, train.Bayes())
		}
	}
	apart := Gaussian{Seed: 3, Films: 200, Dim: 4, Strength: 12}
	d := apart.Make()
	for f, v := range auc(t, c.fit(t, d), d) {
		if v != 1 {
			t.Errorf("finding %d: classes that lie apart have AUC %v", f, v)
		}
	}
}

func (c contract) findsNothing(t *testing.T) {
	train, test := Gaussian{Seed: 4, Films: 600, Dim: 4}, Gaussian{Seed: 5, Films: 4000, Dim: 4}
	for f, v := range auc(t, c.fit(t, train.Make()), test.Make()) {
		if math.Abs(v-0.5) > 0.05 {
			t.Errorf("finding %d: AUC %.3f on noise", f, v)
		}
	}
}

// columns guards against heads that all read the last column, as the published
// training code does with several heads.
func (c contract) columns(t *testing.T) {
	g := Gaussian{Seed: 6, Films: 800, Dim: 3, Strength: 3, Findings: []string{"a", "b", "c"}}
	d := g.Make()
	h := c.fit(t, d)
	for f := range g.Findings {
		base := &cxr.Embedding{Space: cxr.Space{Model: "gaussian", Recipe: "none/1", Tokens: 1, Dim: 3}, Values: []float32{5, 5, 5}}
		moved := *base
		moved.Values = slices.Clone(base.Values)
		moved.Values[f] += 6
		low, err := h.Predict(base)
		if err != nil {
			t.Fatal(err)
		}
		high, err := h.Predict(&moved)
		if err != nil {
			t.Fatal(err)
		}
		for k := range g.Findings {
			if gain := high[k] - low[k]; (k == f) != (gain > 0.4) {
				t.Errorf("feature %d moves finding %d by %.2f", f, k, gain)
			}
		}
	}
}

func (c contract) tokens(t *testing.T) {
	train, test := Gaussian{Seed: 7, Films: 600, Dim: 4, Tokens: 4, Strength: 2}, Gaussian{Seed: 8, Films: 2000, Dim: 4, Tokens: 4, Strength: 2}
	for f, v := range auc(t, c.fit(t, train.Make()), test.Make()) {
		if v < train.Bayes()-0.04 {
			t.Errorf("finding %d: AUC %.3f, the best there is has %.3f", f, v, train.Bayes())
		}
	}
}

// missing labels of one finding must neither count for it nor disturb others.
func (c contract) missing(t *testing.T) {
	train, test := Gaussian{Seed: 9, Films: 1500, Dim: 4, Strength: 1.5}, Gaussian{Seed: 10, Films: 2000, Dim: 4, Strength: 1.5}
	d := train.Make()
	for i := range d.Examples {
		// A trainer that took the missing half for negative would think that a
		// quarter of the films have the finding.
		if l := d.Examples[i].Labels; i%2 == 0 {
			d.Examples[i].Labels = []head.Label{head.Missing, l[1]}
		}
	}
	h := c.fit(t, d)
	for f, v := range auc(t, h, test.Make()) {
		if v < train.Bayes()-0.04 {
			t.Errorf("finding %d: AUC %.3f, the best there is has %.3f", f, v, train.Bayes())
		}
	}
	var mean float64
	known := test.Make()
	for _, p := range predict(t, h, known) {
		mean += p[0] / float64(len(known.Examples))
	}
	if math.Abs(mean-0.5) > 0.1 {
		t.Errorf("mean probability %.2f of a finding that half of the labeled films have", mean)
	}
}

func (c contract) weightZero(t *testing.T) {
	d := Gaussian{Seed: 11, Films: 300, Dim: 4, Strength: 1}.Make()
	shorter := &head.Dataset{Findings: d.Findings, Examples: d.Examples[:200]}
	d.Weights = make([]float64, 300)
	for i := range 200 {
		d.Weights[i] = 1
	}
	a, b := predict(t, c.fit(t, d), shorter), predict(t, c.fit(t, shorter), shorter)
	for i := range a {
		for f := range a[i] {
			if math.Abs(a[i][f]-b[i][f]) > 1e-6 {
				t.Fatalf("film %d: %v with weights 0, %v without those films", i, a[i], b[i])
			}
		}
	}
}

func (c contract) leavesInput(t *testing.T) {
	g := Gaussian{Seed: 12, Films: 100, Dim: 4, Strength: 1}
	train, tune := g.Make(), g.Make()
	if _, err := c.trainer.Fit(t.Context(), train, tune); err != nil {
		t.Fatalf("Fit: %v", err)
	}
	if same := g.Make(); !reflect.DeepEqual(train, same) || !reflect.DeepEqual(tune, same) {
		t.Error("Fit changed its films")
	}
}

// save is the model as bytes.
func save(t *testing.T, m *head.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (c contract) deterministic(t *testing.T) {
	d := Gaussian{Seed: 13, Films: 700, Dim: 6, Strength: 1}.Make()
	first := save(t, c.fit(t, d))
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		if !bytes.Equal(save(t, c.fit(t, d)), first) {
			t.Errorf("another head with GOMAXPROCS %d", n)
		}
	}
}

func (c contract) saving(t *testing.T) {
	d := Gaussian{Seed: 14, Films: 200, Dim: 4, Strength: 1}.Make()
	m := c.fit(t, d)
	back, err := head.ReadModel(bytes.NewReader(save(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := predict(t, m, d), predict(t, back, d); !reflect.DeepEqual(a, b) {
		t.Error("a saved head predicts otherwise")
	}
}

func (c contract) concurrent(t *testing.T) {
	d := Gaussian{Seed: 15, Films: 100, Dim: 4, Strength: 1}.Make()
	h := c.fit(t, d)
	want := predict(t, h, d)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, e := range d.Examples {
				if p, err := h.Predict(e.Embedding); err != nil || !slices.Equal(p, want[i]) {
					t.Errorf("film %d: %v (%v), alone %v", i, p, err, want[i])
					return
				}
			}
		})
	}
	wg.Wait()
	h.Findings()[0] = "other"
	if h.Findings()[0] != d.Findings[0] {
		t.Error("Findings gives away the head's own list")
	}
}

func (c contract) mismatch(t *testing.T) {
	d := Gaussian{Seed: 16, Films: 100, Dim: 4, Strength: 1}.Make()
	h := c.fit(t, d)
	for name, change := range map[string]func(*cxr.Embedding){
		"model":  func(e *cxr.Embedding) { e.Model = "other" },
		"recipe": func(e *cxr.Embedding) { e.Recipe = "other" },
		"shape":  func(e *cxr.Embedding) { e.Tokens, e.Dim = 2, 2 },
	} {
		e := *d.Examples[0].Embedding
		change(&e)
		if _, err := h.Predict(&e); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	e := *d.Examples[0].Embedding
	e.Values = []float32{1, 2, 3, float32(math.NaN())}
	if _, err := h.Predict(&e); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("NaN: %v", err)
	}
	if _, err := h.Predict(nil); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("nil: %v", err)
	}
}

func (c contract) badInput(t *testing.T) {
	for name, change := range map[string]func(d *head.Dataset){
		"no films":           func(d *head.Dataset) { d.Examples = nil },
		"no findings":        func(d *head.Dataset) { d.Findings = nil },
		"a finding twice":    func(d *head.Dataset) { d.Findings = []string{"a", "a"} },
		"NaN":                func(d *head.Dataset) { d.Examples[3].Embedding.Values[1] = float32(math.NaN()) },
		"infinity":           func(d *head.Dataset) { d.Examples[3].Embedding.Values[1] = float32(math.Inf(1)) },
		"no embedding":       func(d *head.Dataset) { d.Examples[3].Embedding = nil },
		"shapes that differ": func(d *head.Dataset) { d.Examples[3].Embedding.Tokens, d.Examples[3].Embedding.Dim = 2, 2 },
		"models that differ": func(d *head.Dataset) { d.Examples[3].Embedding.Model = "other" },
		"too few labels":     func(d *head.Dataset) { d.Examples[3].Labels = d.Examples[3].Labels[:1] },
		"too few weights":    func(d *head.Dataset) { d.Weights = []float64{1} },
		"a negative weight":  func(d *head.Dataset) { d.Weights = make([]float64, 60); d.Weights[2] = -1 },
		"no weight at all":   func(d *head.Dataset) { d.Weights = make([]float64, 60) },
		"one class": func(d *head.Dataset) {
			for i := range d.Examples {
				d.Examples[i].Labels = []head.Label{head.Positive, d.Examples[i].Labels[1]}
			}
		},
		"no labels": func(d *head.Dataset) {
			for i := range d.Examples {
				d.Examples[i].Labels = make([]head.Label, 2)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := Gaussian{Seed: 17, Films: 60, Dim: 4, Strength: 1}.Make()
			change(d)
			if h, err := c.trainer.Fit(t.Context(), d, nil); err == nil || h != nil {
				t.Errorf("got %v, error %v", h, err)
			}
		})
	}
	if _, err := c.trainer.Fit(t.Context(), nil, nil); err == nil {
		t.Error("nil was taken")
	}
}

func (c contract) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := Gaussian{Seed: 18, Films: 100, Dim: 4, Strength: 1}.Make()
	if _, err := c.trainer.Fit(ctx, d, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
