package report_test

import (
	"bytes"
	"fmt"
	"image/png"
	"reflect"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

func TestLearningCurveRisesToTheBest(t *testing.T) {
	problem := headtest.Gaussian{Seed: 1, Films: 1000, Dim: 12, Strength: 1.5, Findings: []string{"x"}}
	pool := problem.Make()
	problem.Seed = 2
	test := problem.Make()
	for i := range test.Examples {
		test.Examples[i].Patient += "'"
		test.Examples[i].Embedding.ID += "'"
	}
	var steps []string
	o := &report.CurveOptions{Sizes: []int{1000, 10, 100}, Repeats: 6, Progress: func(done, total int) { steps = append(steps, fmt.Sprintf("%d/%d", done, total)) }}
	curves, err := report.LearningCurve(t.Context(), head.Linear{}, pool, test, o)
	if err != nil {
		t.Fatal(err)
	}
	p := curves[0].Points
	if len(p) != 3 || p[0].Films != 10 || len(p[0].Draws) != 6 || len(p[2].Draws) != 1 {
		t.Fatalf("points %+v", p)
	}
	if !(p[0].AUC.Value < p[1].AUC.Value && p[1].AUC.Value < p[2].AUC.Value) {
		t.Errorf("the curve does not rise: %v", curves[0])
	}
	if a := p[2].AUC; a.Low > problem.Bayes() || a.High < problem.Bayes()-0.01 {
		t.Errorf("with all films %v, the best there is has %.3f", a, problem.Bayes())
	}
	if len(steps) != 13 || steps[0] != "1/13" || steps[12] != "13/13" {
		t.Errorf("progress %v", steps)
	}
	o.Progress = nil
	if again, err := report.LearningCurve(t.Context(), head.Linear{}, pool, test, o); err != nil || !reflect.DeepEqual(again, curves) {
		t.Errorf("the same seed gave another curve (%v)", err)
	}
	if _, err := png.Decode(bytes.NewReader(curves[0].PNG())); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(curves[0].SVG(), "<svg") {
		t.Error("SVG does not start with its element")
	}
}

// With one positive in a hundred films, small draws still have one.
func TestDrawsHaveBothClasses(t *testing.T) {
	pool := headtest.Gaussian{Seed: 1, Films: 200, Dim: 3, Strength: 2, Findings: []string{"x"}}.Make()
	for i := range pool.Examples {
		pool.Examples[i].Labels = []head.Label{head.Negative}
	}
	pool.Examples[7].Labels, pool.Examples[8].Labels = []head.Label{head.Positive}, []head.Label{head.Positive}
	test := headtest.Gaussian{Seed: 2, Films: 100, Dim: 3, Strength: 2, Findings: []string{"x"}}.Make()
	for i := range test.Examples {
		test.Examples[i].Patient, test.Examples[i].Embedding.ID = "", fmt.Sprint("test", i)
	}
	curves, err := report.LearningCurve(t.Context(), head.Linear{}, pool, test, &report.CurveOptions{Sizes: []int{2, 50, 200}, Repeats: 3})
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for _, p := range curves[0].Points {
		counts = append(counts, p.Positives)
	}
	if fmt.Sprint(counts) != "[1 1 2]" {
		t.Errorf("positives %v", counts)
	}
}

// Draws are of patients: the films of one come together, but for the last.
func TestDrawsArePatients(t *testing.T) {
	pool := headtest.Gaussian{Seed: 1, Films: 300, Dim: 3, Strength: 1, Findings: []string{"x"}}.Make()
	for i := range pool.Examples {
		pool.Examples[i].Patient = fmt.Sprint("p", i/6)
	}
	test := headtest.Gaussian{Seed: 2, Films: 100, Dim: 3, Strength: 1, Findings: []string{"x"}}.Make()
	for i := range test.Examples {
		test.Examples[i].Patient, test.Examples[i].Embedding.ID = "", fmt.Sprint("test", i)
	}
	w := &watcher{Trainer: head.Linear{}}
	if _, err := report.LearningCurve(t.Context(), w, pool, test, &report.CurveOptions{Sizes: []int{60}, Repeats: 5}); err != nil {
		t.Fatal(err)
	}
	for _, patients := range w.seen {
		if n := len(patients); n < 10 || n > 17 { // half of films are positive: those of a patient fill both classes
			t.Errorf("60 films of %d patients, want about 10", n)
		}
	}
}

// A size at which nothing can be trained is skipped and told.
func TestSizesThatFailAreSkipped(t *testing.T) {
	pool := headtest.Gaussian{Seed: 1, Films: 200, Dim: 3, Strength: 2, Findings: []string{"x"}}.Make()
	test := headtest.Gaussian{Seed: 2, Films: 100, Dim: 3, Strength: 2, Findings: []string{"x"}}.Make()
	for i := range test.Examples {
		test.Examples[i].Patient, test.Examples[i].Embedding.ID = "", fmt.Sprint("test", i)
	}
	l := head.Linear{Candidates: []float64{0.1, 1}} // five folds need five positives and more
	o := &report.CurveOptions{Sizes: []int{3, 200}, Repeats: 2}
	curves, err := report.LearningCurve(t.Context(), l, pool, test, o)
	if err != nil {
		t.Fatal(err)
	}
	c := curves[0]
	if len(c.Points) != 1 || c.Points[0].Films != 200 || !c.Points[0].Whole || len(c.Skipped) != 1 || c.Skipped[0].Films != 3 {
		t.Errorf("%+v", c)
	}
	if text := c.String(); !strings.Contains(text, "3 films: skipped: ") || !strings.Contains(text, "given this pool") {
		t.Error(text)
	}
	o.Sizes = []int{3}
	if _, err := report.LearningCurve(t.Context(), l, pool, test, o); err == nil {
		t.Error("nothing was trained, and no error")
	}
}

func TestLearningCurveRefuses(t *testing.T) {
	pool := headtest.Gaussian{Seed: 1, Films: 60, Dim: 3, Findings: []string{"x"}}.Make()
	other := headtest.Gaussian{Seed: 2, Films: 60, Dim: 3, Findings: []string{"x"}}.Make()
	for i := range other.Examples {
		other.Examples[i].Patient, other.Examples[i].Embedding.ID = "", fmt.Sprint("other", i)
	}
	tests := map[string]struct {
		test *head.Dataset
		o    *report.CurveOptions
		want string
	}{
		"films on both sides":       {pool, nil, "60 patients and 60 films on both sides"},
		"more films than there are": {other, &report.CurveOptions{Sizes: []int{61}}, "want 2 to 60 films"},
		"one film":                  {other, &report.CurveOptions{Sizes: []int{1}}, "want 2 to 60 films"},
		"nothing to test on":        {nil, nil, "no films"},
		"less than no draw":         {other, &report.CurveOptions{Repeats: -1}, "less than one draw"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := report.LearningCurve(t.Context(), head.Linear{}, pool, test.test, test.o)
			if !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Figures of nothing, and of a single number of films, are pictures too.
func TestFiguresOfLittle(t *testing.T) {
	one := report.CurvePoint{Films: 8, AUC: report.Interval{Value: 0.7, Low: 0.6, High: 0.8}}
	for name, f := range map[string]*report.Figure{
		"no curve": report.CurvesFigure(), "a curve of nothing": report.CurvesFigure(report.Curve{Name: "x"}),
		"a curve of one number": report.CurvesFigure(report.Curve{Name: "x", Points: []report.CurvePoint{one}}),
		"ROC of nothing":        (&report.Report{}).ROC(), "a forest of nothing": (&report.Report{}).Forest(),
	} {
		if len(f.PNG()) == 0 || !strings.Contains(f.SVG(), "<svg") {
			t.Errorf("%s: no picture", name)
		}
	}
	if page := (&report.Report{}).HTML(); !strings.Contains(page, "Operating points") {
		t.Errorf("a page of nothing: %s", page)
	}
}
