package head_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// A head that is far too sure of itself is brought back, without another order
// of films for Platt's curve.
func TestCalibration(t *testing.T) {
	make := func(seed uint64, films int) *head.Dataset {
		return headtest.Gaussian{Seed: seed, Films: films, Dim: 2, Strength: 1, Findings: []string{"x"}}.Make()
	}
	m := fit(t, head.Linear{}, make(1, 400))
	s := m.Spec()
	for i := range s.Layers[0].Weights {
		s.Layers[0].Weights[i] *= 8
	}
	s.Layers[0].Bias[0] -= 5
	sure, err := head.NewModel(s)
	if err != nil {
		t.Fatal(err)
	}
	tune, test := make(2, 1500), make(3, 3000)
	before := evaluate(t, sure, test)
	for _, method := range []head.Method{head.Platt, head.Isotonic} {
		c, err := sure.Calibrate(tune, method)
		if err != nil {
			t.Fatal(err)
		}
		after := evaluate(t, c, test)
		if after.ECE > 0.04 || after.ECE > before.ECE/3 || after.Brier > before.Brier || after.LogLoss > before.LogLoss {
			t.Errorf("%s: ECE %.3f from %.3f, Brier %.3f from %.3f, log loss %.3f from %.3f",
				method, after.ECE, before.ECE, after.Brier, before.Brier, after.LogLoss, before.LogLoss)
		}
		if drift := math.Abs(after.AUC.Value - before.AUC.Value); method == head.Platt && drift > 1e-12 || drift > 0.01 {
			t.Errorf("%s: AUC %v from %v", method, after.AUC.Value, before.AUC.Value)
		}
	}
	if _, err := sure.Calibrate(tune, head.Method(7)); err == nil {
		t.Error("an unknown method was taken")
	}
	tune.Examples[0].Embedding.Model = "other"
	if _, err := sure.Calibrate(tune.Where(func(e *head.Example) bool { return e.Embedding.Model == "other" }), head.Platt); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("films of another model: %v", err)
	}
}

// evaluate is the report of the one finding.
func evaluate(t *testing.T, h head.Head, d *head.Dataset) report.FindingReport {
	t.Helper()
	r, err := report.Evaluate(h, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Findings[0]
}

func TestApply(t *testing.T) {
	curve := head.Calibration{LogOdds: []float64{-1, 1, 2}, Probability: []float64{0.2, 0.4, 0.8}}
	for z, want := range map[float64]float64{-9: 0.2, -1: 0.2, 0: 0.3, 1: 0.4, 1.5: 0.6, 2: 0.8, 50: 0.8} {
		if got := curve.Apply(z); math.Abs(got-want) > 1e-15 {
			t.Errorf("at %v: %v, want %v", z, got, want)
		}
	}
	if got := (head.Calibration{Slope: 2, Intercept: -1}).Apply(0.5); got != 0.5 {
		t.Errorf("Platt's curve is %v", got)
	}
}
