package mlp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
)

func TestContract(t *testing.T) {
	headtest.TestTrainer(t, &mlp.Trainer{Hidden: []int{16}, Rate: 0.01, Schedule: mlp.Cosine, Epochs: 60, BatchSize: 128, L2: 0.02})
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

// The head is that of the best epoch: its AUC on the tuning films is the one
// that was told.
func TestBestEpochIsTaken(t *testing.T) {
	train, tune := headtest.Gaussian{Seed: 4, Films: 60, Dim: 30, Strength: 1, Findings: []string{"a"}}.Make(), headtest.Gaussian{Seed: 5, Films: 200, Dim: 30, Strength: 1, Findings: []string{"a"}}.Make()
	best := 0.0
	o := &mlp.Trainer{Hidden: []int{16}, Epochs: 80, OnEpoch: func(e mlp.Epoch) { best = max(best, e.TuneAUC) }}
	h, err := o.Fit(t.Context(), train, tune)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Evaluate(h, tune, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Findings[0].AUC.Value - best; d > 1e-4 || d < -1e-4 {
		t.Errorf("AUC %.5f on the tuning films, the best epoch had %.5f", r.Findings[0].AUC.Value, best)
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
		"a lower Rate may help":      {mlp.Trainer{Rate: 1e38, Hidden: []int{4}}, nil},
	} {
		if _, err := c.trainer.Fit(t.Context(), good, c.tune); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func BenchmarkEpoch(b *testing.B) {
	d := headtest.Gaussian{Seed: 9, Films: 2048, Dim: 1376, Strength: 1}.Make()
	o := &mlp.Trainer{Epochs: 1, Dropout: 0.3}
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
