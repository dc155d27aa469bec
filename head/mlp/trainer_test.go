package mlp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
)

func TestContract(t *testing.T) {
	headtest.TestTrainer(t, &mlp.Trainer{Hidden: []int{16}, Rate: 0.01, Schedule: mlp.Cosine, Networks: 2, Epochs: 60, BatchSize: 128, L2: 0.02})
}

func TestPublishedHeadLearns(t *testing.T) {
	g := headtest.Gaussian{Seed: 1, Films: 300, Dim: 24, Strength: 2}
	train, tune := g.Make(), headtest.Gaussian{Seed: 2, Films: 300, Dim: 24, Strength: 2}.Make()
	var epochs []mlp.Epoch
	p := mlp.Published()
	p.Epochs, p.Patience = 60, 25
	p.OnEpoch = func(e mlp.Epoch) { epochs = append(epochs, e) }
	h, err := p.Fit(t.Context(), train, tune)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Evaluate(h, headtest.Gaussian{Seed: 3, Films: 1000, Dim: 24, Strength: 2}.Make(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.AUC.Value < g.Bayes()-0.06 {
			t.Errorf("AUC %.3f, the best there is has %.3f", f.AUC.Value, g.Bayes())
		}
	}
	best := 0
	for _, e := range epochs {
		if e.Best {
			best = e.Number
		}
	}
	if best == 0 || len(epochs) != min(60, best+25) {
		t.Errorf("%d epochs, the best is %d", len(epochs), best)
	}
}

// With Patience the head is that of the best epoch, its AUC on the tuning films
// the one that was told; without, that of the last.
func TestWhichEpochIsTaken(t *testing.T) {
	train, tune := headtest.Gaussian{Seed: 4, Films: 60, Dim: 30, Strength: 1, Findings: []string{"a"}}.Make(), headtest.Gaussian{Seed: 5, Films: 200, Dim: 30, Strength: 1, Findings: []string{"a"}}.Make()
	for _, patience := range []int{0, 80} {
		var best, last float64
		o := mlp.Trainer{Hidden: []int{16}, Networks: 1, Rate: 0.02, Epochs: 80, Patience: patience, OnEpoch: func(e mlp.Epoch) { best, last = max(best, e.TuneAUC), e.TuneAUC }}
		h, err := o.Fit(t.Context(), train, tune)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Evaluate(h, tune, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := last
		if patience > 0 {
			want = best
		}
		if d := r.Findings[0].AUC.Value - want; d > 1e-4 || d < -1e-4 || best == last {
			t.Errorf("patience %d: AUC %.5f on the tuning films, want %.5f; the best epoch had %.5f, the last %.5f", patience, r.Findings[0].AUC.Value, want, best, last)
		}
	}
	// Tuning films choose nothing.
	o := mlp.Trainer{Hidden: []int{16}, Networks: 2, Epochs: 5}
	with, err := o.Fit(t.Context(), train, tune)
	if err != nil {
		t.Fatal(err)
	}
	without, err := o.Fit(t.Context(), train, nil)
	if err != nil || !reflect.DeepEqual(with.Spec(), without.Spec()) {
		t.Errorf("another head with tuning films, error %v", err)
	}
}

// Several networks are one, which gives their mean log odds.
func TestNetworksAreJoined(t *testing.T) {
	d := headtest.Gaussian{Seed: 11, Films: 80, Dim: 7, Strength: 1}.Make()
	for _, hidden := range [][]int{{}, {5}, {6, 4}} {
		o := mlp.Trainer{Hidden: hidden, Networks: 3, Epochs: 4, Seed: 5, Dropout: 0.2}
		all, err := o.Fit(t.Context(), d, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := make([][]float64, len(d.Examples))
		for k := range uint64(3) {
			one := o
			one.Networks, one.Seed = 1, o.Seed+k<<40
			h, err := one.Fit(t.Context(), d, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range d.Examples {
				_, z, err := h.Scores(e.Embedding)
				if err != nil {
					t.Fatal(err)
				}
				if want[i] == nil {
					want[i] = make([]float64, len(z))
				}
				for f, v := range z {
					want[i][f] += v / 3
				}
			}
		}
		for i, e := range d.Examples {
			_, z, err := all.Scores(e.Embedding)
			if err != nil {
				t.Fatal(err)
			}
			for f, v := range z {
				if math.Abs(v-want[i][f]) > 1e-9 {
					t.Fatalf("hidden %v, film %d: %v, want %v", hidden, i, v, want[i][f])
				}
			}
		}
	}
}

// A feature that never varies is left out, also where weights that do not add up
// exactly make its variance a rounding error: new films may have another value.
func TestConstantFeatureWithWeights(t *testing.T) {
	d := headtest.Gaussian{Seed: 12, Films: 100, Dim: 6, Strength: 2, Findings: []string{"a"}}.Make()
	for i := range d.Examples {
		d.Weights = append(d.Weights, 0.1+float64(i%7)/10)
		d.Examples[i].Embedding.Values[5] = 0.1
	}
	h, err := mlp.Trainer{Hidden: []int{8}}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	before, err := h.Predict(d.Examples[0].Embedding)
	if err != nil {
		t.Fatal(err)
	}
	moved := *d.Examples[0].Embedding
	moved.Values = slices.Clone(moved.Values)
	moved.Values[5] += 0.001
	after, err := h.Predict(&moved)
	if err != nil || before[0] != after[0] {
		t.Errorf("probability %v became %v, error %v", before, after, err)
	}
}

func TestEndsWithinAnEpoch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := headtest.Gaussian{Seed: 6, Films: 4000, Dim: 8}.Make()
	o := &mlp.Trainer{Hidden: []int{4}, BatchSize: 2, Epochs: 1 << 30, OnEpoch: func(mlp.Epoch) { cancel() }}
	if _, err := o.Fit(ctx, d, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSeveralAtOnceGiveWhatEachGivesAlone(t *testing.T) {
	d := headtest.Gaussian{Seed: 7, Films: 200, Dim: 6, Strength: 1}.Make()
	fit := func(seed uint64) string {
		h, err := (&mlp.Trainer{Hidden: []int{8}, Dropout: 0.2, Epochs: 5, Seed: seed}).Fit(t.Context(), d, nil)
		if err != nil {
			return err.Error()
		}
		p, err := h.Predict(d.Examples[0].Embedding)
		return fmt.Sprint(p, err)
	}
	var want [4]string
	for i := range want {
		want[i] = fit(uint64(i))
		if i > 0 && want[i] == want[0] {
			t.Error("seeds make no difference")
		}
	}
	var group sync.WaitGroup
	for i := range want {
		group.Go(func() {
			if got := fit(uint64(i)); got != want[i] {
				t.Errorf("seed %d: %s, alone %s", i, got, want[i])
			}
		})
	}
	group.Wait()
}

func TestMistakes(t *testing.T) {
	good := headtest.Gaussian{Seed: 8, Films: 60, Dim: 4, Strength: 1}.Make()
	other := headtest.Gaussian{Seed: 8, Films: 60, Dim: 5, Strength: 1}.Make()
	oneClass := headtest.Gaussian{Seed: 8, Films: 6, Dim: 4, Strength: 1}.Make()
	for i := range oneClass.Examples {
		oneClass.Examples[i].Labels = []head.Label{head.Positive, head.Negative}
	}
	for want, c := range map[string]struct {
		trainer mlp.Trainer
		tune    *head.Dataset
	}{
		"Dropout is 1":               {mlp.Trainer{Dropout: 1}, nil},
		"optimizer 7":                {mlp.Trainer{Optimizer: 7}, nil},
		"schedule 7":                 {mlp.Trainer{Schedule: 7}, nil},
		"Rate is -1":                 {mlp.Trainer{Rate: -1}, nil},
		"hidden layers of [0] units": {mlp.Trainer{Hidden: []int{0}}, nil},
		"batches of 1":               {mlp.Trainer{BatchSize: 1}, nil},
		"L2 is -1":                   {mlp.Trainer{L2: -1}, nil},
		"Momentum is 1":              {mlp.Trainer{Momentum: 1}, nil},
		"tuning films have other":    {mlp.Trainer{}, other},
		"65 networks":                {mlp.Trainer{Networks: 65}, nil},
		"Patience needs tuning films of both classes": {mlp.Trainer{Patience: 3}, nil},
		"give them, or leave Patience out":            {mlp.Trainer{Patience: 3}, oneClass},
		"a lower Rate may help":                       {mlp.Trainer{Rate: 1e38, Hidden: []int{4}}, nil},
	} {
		if _, err := c.trainer.Fit(t.Context(), good, c.tune); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func BenchmarkEpoch(b *testing.B) {
	d := headtest.Gaussian{Seed: 9, Films: 2048, Dim: 1376, Strength: 1}.Make()
	o := &mlp.Trainer{Networks: 1, Epochs: 1, Dropout: 0.3}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Fit(b.Context(), d, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func Example() {
	train := headtest.Gaussian{Seed: 1, Films: 200, Dim: 8, Strength: 3, Findings: []string{"effusion"}}.Make()
	test := headtest.Gaussian{Seed: 2, Films: 200, Dim: 8, Strength: 3, Findings: []string{"effusion"}}.Make()
	h, err := (&mlp.Trainer{Hidden: []int{16}, Rate: 0.01, Epochs: 50}).Fit(context.Background(), train, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := report.Evaluate(h, test, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("AUC above 0.95: %v\n", r.Findings[0].AUC.Value > 0.95)
	// Output: AUC above 0.95: true
}
