package report_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// A watcher is a trainer that notes what it is given.
type watcher struct {
	head.Trainer
	fits atomic.Int32
	seen []map[string]bool
}

func (w *watcher) Fit(ctx context.Context, train, tune *head.Dataset) (*head.Model, error) {
	w.fits.Add(1)
	patients := map[string]bool{}
	for _, e := range train.Examples {
		patients[e.Patient] = true
	}
	w.seen = append(w.seen, patients)
	return w.Trainer.Fit(ctx, train, tune)
}

func TestCrossValidate(t *testing.T) {
	problem := headtest.Gaussian{Seed: 1, Films: 240, Dim: 6, Strength: 1.5, Findings: []string{"x", "y"}}
	d := problem.Make()
	for i := range d.Examples {
		d.Examples[i].Patient = fmt.Sprint("p", i/2)
		d.Examples[i].Attributes = map[string]string{"view": []string{"PA", "AP"}[i%2]}
	}
	w := &watcher{Trainer: head.Linear{}}
	var steps []string
	o := &report.CrossOptions{Folds: 4, Repeats: 2, Seed: 3, Subgroups: []string{"view"}, Progress: func(done, total int) { steps = append(steps, fmt.Sprint(done, "/", total)) }}
	r, err := report.CrossValidate(t.Context(), w, d, o)
	if err != nil {
		t.Fatal(err)
	}
	if w.fits.Load() != 8 || len(steps) != 8 || steps[7] != "8/8" {
		t.Errorf("%d fits, progress %v", w.fits.Load(), steps)
	}
	for _, patients := range w.seen {
		if len(patients) < 85 || len(patients) > 95 { // three quarters of 120
			t.Errorf("a head was trained on %d patients", len(patients))
		}
	}
	for _, f := range r.Findings {
		if f.Films != 240 || f.Patients != 120 {
			t.Errorf("%d films of %d patients", f.Films, f.Patients)
		}
		if f.AUC.Low > problem.Bayes() || f.AUC.High < problem.Bayes()-0.03 || f.AUC.Value > problem.Bayes()+0.04 {
			t.Errorf("%v, the best there is has %.3f", f.AUC, problem.Bayes())
		}
	}
	if len(r.Subgroups) != 4 || math.IsNaN(r.MacroAUC.Value) || !strings.Contains(r.String(), "cross-validated by patient: 4 folds, dealt 2 times") {
		t.Errorf("%v", r)
	}
	again, err := report.CrossValidate(t.Context(), head.Linear{}, d, o)
	if err != nil || again.Findings[0].AUC != r.Findings[0].AUC {
		t.Errorf("the same seed gave %v and %v, error %v", r.Findings[0].AUC, again.Findings[0].AUC, err)
	}
}

// No film is scored by a head that has seen its patient: labels that are noise
// but the same for all films of a patient, and features that name the patient,
// look learnable otherwise.
func TestCrossValidateDoesNotLeakPatients(t *testing.T) {
	d := headtest.Gaussian{Seed: 5, Films: 300, Dim: 200, Strength: 0, Findings: []string{"x"}}.Make()
	for i := range d.Examples {
		first := i / 5 * 5
		d.Examples[i].Patient, d.Examples[i].Labels = fmt.Sprint("p", first), d.Examples[first].Labels
		copy := *d.Examples[first].Embedding
		copy.ID = fmt.Sprint(i)
		d.Examples[i].Embedding = &copy
	}
	r, err := report.CrossValidate(t.Context(), head.Linear{}, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Findings[0].AUC; a.Value > 0.7 || a.Low > 0.5 {
		t.Errorf("AUC %v of noise", a)
	}
	for i := range d.Examples {
		d.Examples[i].Patient = ""
	}
	if r, err = report.CrossValidate(t.Context(), head.Linear{}, d, nil); err != nil || r.Findings[0].AUC.Value < 0.95 {
		t.Errorf("without patients %v: the case is too easy, error %v", r.Findings[0].AUC, err)
	}
}

func TestCrossValidateRefuses(t *testing.T) {
	d := headtest.Gaussian{Seed: 1, Films: 30, Dim: 3, Strength: 1, Findings: []string{"x"}}.Make()
	one := headtest.Gaussian{Seed: 1, Films: 30, Dim: 3, Strength: 1, Findings: []string{"x"}}.Make()
	for i := range one.Examples {
		one.Examples[i].Labels = []head.Label{head.Negative}
	}
	one.Examples[3].Labels = []head.Label{head.Positive}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		d    *head.Dataset
		o    *report.CrossOptions
		want string
	}{
		"one fold":          {t.Context(), d, &report.CrossOptions{Folds: 1}, "1 folds"},
		"no repetition":     {t.Context(), d, &report.CrossOptions{Repeats: -1}, "-1 times"},
		"no films":          {t.Context(), nil, nil, "no films"},
		"one positive":      {t.Context(), one, nil, "fold"},
		"an ended context":  {ctx, d, nil, "context canceled"},
		"too many folds":    {t.Context(), d, &report.CrossOptions{Folds: 31}, "too few patients for 31 parts"},
		"unknown attribute": {t.Context(), d, &report.CrossOptions{Subgroups: []string{"site"}}, `no film has the attribute "site"`},
	} {
		if _, err := report.CrossValidate(test.ctx, head.Linear{}, test.d, test.o); !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
