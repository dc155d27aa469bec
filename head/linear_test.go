package head_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

func fit(t *testing.T, l head.Linear, d *head.Dataset) *head.Model {
	t.Helper()
	h, err := l.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// At the optimum the gradient vanishes: for each standardized feature
// w_j = C * sum (y - p) z_j, and for the free intercept sum (y - p) = 0. The
// weights are read back from predictions, so the whole head is checked.
func TestLinearReachesTheOptimum(t *testing.T) {
	const dim = 6
	for _, c := range []float64{0.01, 1, 100} {
		d := cohort.New(3, 150, dim, 1)
		d.Examples[4].Labels = []head.Label{head.Missing, head.Positive}
		h := fit(t, head.Linear{C: c}, d)
		logit := func(v []float32, f int) float64 {
			p, err := h.Predict(&cxr.Embedding{Space: cxr.Space{Model: "test", Recipe: "standard/1", Tokens: 1, Dim: dim}, Values: v})
			if err != nil {
				t.Fatal(err)
			}
			return math.Log(p[f] / (1 - p[f]))
		}
		for f := range d.Findings {
			var mean, deviation [dim]float64
			n := float64(len(d.Examples))
			for _, e := range d.Examples {
				for j, v := range e.Embedding.Values {
					mean[j] += float64(v) / n
				}
			}
			for _, e := range d.Examples {
				for j, v := range e.Embedding.Values {
					deviation[j] += (float64(v) - mean[j]) * (float64(v) - mean[j]) / n
				}
			}
			var residual float64
			var gradient [dim]float64
			for _, e := range d.Examples {
				if e.Labels[f] == head.Missing {
					continue
				}
				y := 0.0
				if e.Labels[f] == head.Positive {
					y = 1
				}
				r := y - 1/(1+math.Exp(-logit(e.Embedding.Values, f)))
				residual += r
				for j, v := range e.Embedding.Values {
					gradient[j] += r * (float64(v) - mean[j]) / math.Sqrt(deviation[j])
				}
			}
			if math.Abs(residual) > 1e-5 {
				t.Errorf("C %v, finding %d: residuals sum to %g", c, f, residual)
			}
			base := make([]float32, dim)
			for j := range base {
				step := append([]float32(nil), base...)
				step[j] = 1
				w := (logit(step, f) - logit(base, f)) * math.Sqrt(deviation[j])
				if math.Abs(w-c*gradient[j]) > 1e-5*math.Max(1, c) {
					t.Errorf("C %v, finding %d: weight %d is %g, the optimum's is %g", c, f, j, w, c*gradient[j])
				}
			}
		}
	}
}

func TestLinearLearnsWhatIsThere(t *testing.T) {
	d := cohort.New(11, 300, 20, 1.5)
	train, test, err := head.Split(d, 0.4, 2)
	if err != nil {
		t.Fatal(err)
	}
	h := fit(t, head.Linear{}, train)
	r, err := report.Evaluate(h, test, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Scores N(1.5, 1) against N(0, 1) can reach Phi(1.5/sqrt 2) = 0.856.
	for _, f := range r.Findings {
		if f.AUC.Value < 0.75 || f.AUC.Value > 0.93 || f.AUC.Low >= f.AUC.Value || f.AUC.High <= f.AUC.Value {
			t.Errorf("%s: AUC %.3f (%.3f to %.3f), want about 0.85", f.Finding, f.AUC.Value, f.AUC.Low, f.AUC.High)
		}
		if first, last := f.ROC[0], f.ROC[len(f.ROC)-1]; first.Sensitivity != 0 || first.Specificity != 1 || last.Sensitivity != 1 || last.Specificity != 0 {
			t.Errorf("%s: curve from %v to %v", f.Finding, first, last)
		}
		var area float64
		for i := 1; i < len(f.ROC); i++ {
			a, b := f.ROC[i-1], f.ROC[i]
			area += (a.Specificity - b.Specificity) * (a.Sensitivity + b.Sensitivity) / 2
		}
		if math.Abs(area-f.AUC.Value) > 1e-12 {
			t.Errorf("%s: area under the points is %v, AUC %v", f.Finding, area, f.AUC.Value)
		}
	}
	if again := fit(t, head.Linear{}, train); !reflect.DeepEqual(again, h) {
		t.Error("fitting again gave another head")
	}
}

func TestWeightZeroIsAbsent(t *testing.T) {
	d := cohort.New(5, 80, 4, 1)
	shorter := &head.Dataset{Findings: d.Findings, Examples: d.Examples[:100]}
	d.Weights = make([]float64, len(d.Examples))
	for i := range 100 {
		d.Weights[i] = 1
	}
	a, _ := fit(t, head.Linear{}, d).Predict(d.Examples[0].Embedding)
	b, _ := fit(t, head.Linear{}, shorter).Predict(d.Examples[0].Embedding)
	if math.Abs(a[0]-b[0]) > 1e-6 {
		t.Errorf("%v with weights 0, %v without the films", a, b)
	}
}

// weightsOf are the weights and biases of a linear head.
func weightsOf(t *testing.T, h *head.Model) []float64 {
	t.Helper()
	l := h.Spec().Layers[0]
	return append(l.Weights, l.Bias...)
}

func near(t *testing.T, what string, a, b []float64) {
	t.Helper()
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-6 {
			t.Errorf("%s: weight %d is %v and %v", what, i, a[i], b[i])
		}
	}
}

// A film of weight 2 is as good as the film twice.
func TestWeightTwoIsTwice(t *testing.T) {
	d := cohort.New(5, 80, 4, 1)
	twice := &head.Dataset{Findings: d.Findings, Examples: append(append([]head.Example(nil), d.Examples...), d.Examples[:50]...)}
	d.Weights = make([]float64, len(d.Examples))
	for i := range d.Weights {
		d.Weights[i] = 1
		if i < 50 {
			d.Weights[i] = 2
		}
	}
	near(t, "weight 2", weightsOf(t, fit(t, head.Linear{C: 1}, d)), weightsOf(t, fit(t, head.Linear{C: 1}, twice)))
}

// The weights of classes are scikit-learn's: n / (2 * films of the class) where
// balanced.
func TestClassWeights(t *testing.T) {
	d, err := cohort.New(5, 80, 4, 1).Only("rare")
	if err != nil {
		t.Fatal(err)
	}
	positives, negatives, err := d.Classes(0)
	if err != nil {
		t.Fatal(err)
	}
	n := float64(len(d.Examples))
	for name, test := range map[string]struct {
		trainer            head.Linear
		positive, negative float64
	}{
		"balanced": {head.Linear{C: 1, Raw: true, Balanced: true}, n / (2 * float64(len(positives))), n / (2 * float64(len(negatives)))},
		"5 to 1":   {head.Linear{C: 1, Raw: true, PositiveWeight: 5}, 5, 1},
	} {
		byHand := *d
		byHand.Weights = make([]float64, len(d.Examples))
		for _, i := range positives {
			byHand.Weights[i] = test.positive
		}
		for _, i := range negatives {
			byHand.Weights[i] = test.negative
		}
		near(t, name, weightsOf(t, fit(t, test.trainer, d)), weightsOf(t, fit(t, head.Linear{C: 1, Raw: true}, &byHand)))
	}
	if _, err := (head.Linear{Balanced: true, PositiveWeight: 2}).Fit(t.Context(), d, nil); err == nil {
		t.Error("both kinds of class weights at once")
	}
}

// Many useless features want a strong penalty, one strong feature a weak one.
// Cross-validation and a tuning set tell them apart.
func TestChoiceOfC(t *testing.T) {
	candidates := []float64{1e-5, 1e-3, 0.1, 10}
	noise := headtest.Gaussian{Seed: 3, Films: 120, Dim: 100, Findings: []string{"x"}}
	plain := headtest.Gaussian{Seed: 3, Films: 400, Dim: 1, Strength: 4, Findings: []string{"x"}}
	chosen := func(g headtest.Gaussian, tuned bool) float64 {
		var tune *head.Dataset
		train := g.Make()
		if g.Seed++; tuned {
			tune = g.Make()
		}
		h, err := (head.Linear{Candidates: candidates}).Fit(t.Context(), train, tune)
		if err != nil {
			t.Fatal(err)
		}
		return h.Spec().Training.Settings["C of x"]
	}
	for _, tuned := range []bool{false, true} {
		if c := chosen(noise, tuned); c > 1e-3 {
			t.Errorf("tuning set %v: C %v for noise", tuned, c)
		}
		if c := chosen(plain, tuned); c < 0.1 {
			t.Errorf("tuning set %v: C %v for a strong feature", tuned, c)
		}
	}
	few := headtest.Gaussian{Seed: 1, Films: 4, Dim: 1, Strength: 9, Findings: []string{"x"}}.Make()
	for i := range few.Examples {
		few.Examples[i].Labels = []head.Label{head.Negative}
	}
	few.Examples[0].Labels = []head.Label{head.Positive}
	if _, err := (head.Linear{Candidates: candidates, Folds: 4}).Fit(t.Context(), few, nil); err == nil || !strings.Contains(err.Error(), "choosing C") {
		t.Errorf("one positive film for four folds: %v", err)
	}
}

func TestFitChangesNothing(t *testing.T) {
	d, same := cohort.New(5, 30, 3, 1), cohort.New(5, 30, 3, 1)
	fit(t, head.Linear{}, d)
	if !reflect.DeepEqual(d, same) {
		t.Error("Fit changed its films")
	}
}

func TestConstantFeaturesAreHarmless(t *testing.T) {
	d := cohort.New(5, 60, 3, 1)
	for _, e := range d.Examples {
		e.Embedding.Values[2] = 7
	}
	p, err := fit(t, head.Linear{}, d).Predict(d.Examples[0].Embedding)
	if err != nil || math.IsNaN(p[0]) {
		t.Errorf("%v, error %v", p, err)
	}
}

func TestFitRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*head.Dataset)
		want   string
	}{
		"no films":               {func(d *head.Dataset) { d.Examples = nil }, "head: no films"},
		"no findings":            {func(d *head.Dataset) { d.Findings = nil }, "head: no findings"},
		"one class":              {func(d *head.Dataset) { d.Examples[1].Labels[0] = head.Positive }, `head: finding "x": 2 films with it and 0 without, want some of each`},
		"a film without labels":  {func(d *head.Dataset) { d.Examples[1].Labels = nil }, "head: film 1 has 0 labels for 1 findings"},
		"NaN":                    {func(d *head.Dataset) { d.Examples[1].Embedding.Values[1] = float32(math.NaN()) }, "head: film 1: invalid embedding: value 1 of token 0 is NaN"},
		"no embedding":           {func(d *head.Dataset) { d.Examples[0].Embedding = nil }, "head: film 0: invalid embedding: nil embedding"},
		"shapes that differ":     {func(d *head.Dataset) { d.Examples[1].Embedding.Tokens, d.Examples[1].Embedding.Dim = 2, 1 }, "head: film 1: does not match: shape 2 x 1, want 1 x 2"},
		"too few weights":        {func(d *head.Dataset) { d.Weights = []float64{1} }, "head: 1 weights for 2 films"},
		"an end before it began": {func(d *head.Dataset) {}, "context canceled"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := &head.Dataset{Findings: []string{"x"}}
			for i, l := range []head.Label{head.Positive, head.Negative} {
				e := &cxr.Embedding{Space: cxr.Space{Model: "m", Tokens: 1, Dim: 2}, Values: []float32{float32(i), 1}}
				d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{l}})
			}
			test.change(d)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if strings.HasPrefix(test.want, "context") {
				cancel()
			}
			_, err := (head.Linear{}).Fit(ctx, d, nil)
			if !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("error %q, want %q", fmt.Sprint(err), test.want)
			}
		})
	}
	if _, err := (head.Linear{C: -1}).Fit(t.Context(), cohort.New(1, 20, 2, 1), nil); err == nil {
		t.Error("C of -1 was taken")
	}
}

func TestPredictRefusesOtherModels(t *testing.T) {
	d := cohort.New(5, 30, 3, 1)
	h := fit(t, head.Linear{}, d)
	good := *d.Examples[0].Embedding
	for name, change := range map[string]func(*cxr.Embedding){
		"model":  func(e *cxr.Embedding) { e.Model = "other" },
		"recipe": func(e *cxr.Embedding) { e.Recipe = "upstream/1" },
		"shape":  func(e *cxr.Embedding) { e.Tokens, e.Dim = 3, 1 },
	} {
		e := good
		change(&e)
		if _, err := h.Predict(&e); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// A linear probe from embeddings to a report.
func ExampleLinear() {
	train, test, err := head.Split(cohort.New(1, 200, 8, 1.5), 0.3, 1)
	if err != nil {
		panic(err)
	}
	h, err := (head.Linear{}).Fit(context.Background(), train, nil)
	if err != nil {
		panic(err)
	}
	r, err := report.Evaluate(h, test, nil)
	if err != nil {
		panic(err)
	}
	fmt.Print(r)
	// Output:
	// finding  AUC   95 % interval  AUPRC  Brier  positive  films
	// common   0.85  0.76 to 0.90   0.82   0.152  64        155
	// rare     0.79  0.64 to 0.88   0.44   0.072  14        155
	// mean AUC of 2 findings: 0.82 (0.73 to 0.87)
	// rare: only 5 patients with it
	// rare: probabilities are too sure (calibration slope 0.63 (0.39 to 0.88)): recalibrate on tuning films
}
