package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

// told is a head that says what the embedding says: its values are the
// probabilities.
type told []string

func (h told) Findings() []string { return h }

func (h told) Predict(e *cxr.Embedding) ([]float64, error) {
	var p []float64
	for _, v := range e.Values {
		p = append(p, float64(v))
	}
	return p, nil
}

// scored makes films for told{"x"}.
func scored(scores []float64, positive []bool) *head.Dataset {
	d := &head.Dataset{Findings: []string{"x"}}
	for i, s := range scores {
		l := head.Negative
		if positive[i] {
			l = head.Positive
		}
		e := &cxr.Embedding{ID: fmt.Sprint(i), Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{float32(s)}}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{l}})
	}
	return d
}

func evaluate(t *testing.T, h head.Head, d *head.Dataset) *report.FindingReport {
	t.Helper()
	r, err := report.Evaluate(h, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Findings[0]
}

// fit trains a linear probe.
func fit(t *testing.T, l head.Linear, d *head.Dataset) *head.Model {
	t.Helper()
	h, err := l.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// uniform is n multiples of 2^-24 in 0..1, by SplitMix64 as in
// testdata/metrics.py.
func uniform(seed uint64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		z := seed + uint64(i+1)*0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		values[i] = float64(z>>40) / (1 << 24)
	}
	return values
}

func TestFiguresAreScikitLearns(t *testing.T) {
	text, err := os.ReadFile("testdata/metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		N                             int
		Steps                         float64
		AUC, AP, Brier                float64
		LogLoss                       float64 `json:"log_loss"`
		FPR, TPR, Observed, Predicted []float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		p, chance := uniform(1, c.N), uniform(2, c.N)
		positive := make([]bool, c.N)
		for i := range p {
			p[i] = math.Floor(p[i]*c.Steps) / c.Steps
			positive[i] = chance[i] < p[i]*p[i]
		}
		f := evaluate(t, told{"x"}, scored(p, positive))
		near := func(what string, got, want float64) {
			t.Helper()
			if !(math.Abs(got-want) <= 1e-12) {
				t.Errorf("%d films: %s is %v, scikit-learn's %v", c.N, what, got, want)
			}
		}
		near("AUC", f.AUC.Value, c.AUC)
		near("AUPRC", f.AUPRC, c.AP)
		near("Brier score", f.Brier, c.Brier)
		near("log loss", f.LogLoss, c.LogLoss)
		if len(f.ROC) != len(c.FPR) || len(f.Calibration) != len(c.Observed) {
			t.Fatalf("%d films: %d ROC points and %d bins, want %d and %d", c.N, len(f.ROC), len(f.Calibration), len(c.FPR), len(c.Observed))
		}
		for i, point := range f.ROC {
			near("false positive rate", 1-point.Specificity, c.FPR[i])
			near("sensitivity", point.Sensitivity, c.TPR[i])
		}
		var ece float64
		for i, b := range f.Calibration {
			near("predicted", b.Predicted, c.Predicted[i])
			near("observed", b.Observed.Value, c.Observed[i])
			ece += float64(b.Films) / float64(c.N) * math.Abs(c.Predicted[i]-c.Observed[i])
		}
		near("ECE", f.ECE, ece)
	}
}

func TestOperatingPoints(t *testing.T) {
	f := evaluate(t, told{"x"}, scored(
		[]float64{0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2},
		[]bool{true, true, false, true, false, true, false, false}))
	tests := map[string]struct {
		rule      report.Rule
		value     float64
		threshold float64
		counts    string // TP FN TN FP
	}{
		"the largest sum":                 {report.Youden, 0, 0.8, "2 2 4 0"},
		"no less sensitivity than asked":  {report.AtSensitivity, 0.75, 0.6, "3 1 3 1"},
		"a little more":                   {report.AtSensitivity, 0.76, 0.4, "4 0 2 2"},
		"all positives":                   {report.AtSensitivity, 1, 0.4, "4 0 2 2"},
		"no sensitivity is always there":  {report.AtSensitivity, 0, 1 + 0x1p-52, "0 4 4 0"},
		"no less specificity than asked":  {report.AtSpecificity, 0.75, 0.6, "3 1 3 1"},
		"all negatives":                   {report.AtSpecificity, 1, 0.8, "2 2 4 0"},
		"any specificity":                 {report.AtSpecificity, 0, 0.2, "4 0 0 4"},
		"a threshold between the scores":  {report.AtThreshold, 0.65, 0.65, "2 2 3 1"},
		"a threshold that a film reaches": {report.AtThreshold, 0.5, 0.5, "3 1 2 2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := f.At(test.rule, test.value)
			if err != nil {
				t.Fatal(err)
			}
			counts := fmt.Sprint(p.TruePositives, p.FalseNegatives, p.TrueNegatives, p.FalsePositives)
			if math.Abs(p.Threshold-test.threshold) > 1e-7 || counts != test.counts {
				t.Errorf("threshold %v with %s, want %v with %s", p.Threshold, counts, test.threshold, test.counts)
			}
		})
	}
	p, err := f.At(report.AtThreshold, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	// Wilson's interval of 3 in 4, by its formula.
	if got := p.Sensitivity.String(); got != "0.75 (0.30 to 0.95)" {
		t.Errorf("sensitivity %s", got)
	}
	if p.PPV.Value != 0.6 || p.NPV.Value != 2.0/3 {
		t.Errorf("predictive values %v and %v", p.PPV, p.NPV)
	}
	for _, bad := range []struct {
		rule  report.Rule
		value float64
	}{{report.Rule(9), 0}, {report.AtSensitivity, 1.1}, {report.AtThreshold, math.NaN()}} {
		if _, err := f.At(bad.rule, bad.value); err == nil {
			t.Errorf("%v %v was taken", bad.rule, bad.value)
		}
	}
}

// Thresholds are chosen on tuning films, kept in the model and judged on
// others.
func TestChosenThresholdsAreReported(t *testing.T) {
	train, rest, err := head.Split(cohort.New(3, 200, 4, 1.5), 0.6, 1)
	if err != nil {
		t.Fatal(err)
	}
	tune, test, err := head.Split(rest, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := fit(t, head.Linear{}, train)
	if m, err = report.Choose(m, tune, report.AtSensitivity, 0.9); err != nil {
		t.Fatal(err)
	}
	if m, err = report.Choose(m, tune, report.Youden, 0); err != nil {
		t.Fatal(err)
	}
	onTune, onTest := evaluate(t, m, tune), evaluate(t, m, test)
	if len(onTest.Points) != 2 || onTest.Points[0].Rule != "sensitivity 0.9" || onTest.Points[1].Rule != "youden" {
		t.Fatalf("points %+v", onTest.Points)
	}
	if s := onTune.Points[0].Sensitivity.Value; s < 0.9 {
		t.Errorf("sensitivity on the tuning films is %v", s)
	}
	if onTune.Points[0].Threshold != onTest.Points[0].Threshold {
		t.Error("the threshold moved")
	}
}

func TestWarnings(t *testing.T) {
	many := func(n int, p float64) []float64 {
		s := make([]float64, n)
		for i := range s {
			s[i] = p + float64(i%7)/100
		}
		return s
	}
	tests := map[string]struct {
		positives, negatives []float64
		want                 string
	}{
		"enough, and apart":   {append(many(20, 0.6), many(10, 0.3)...), append(many(20, 0.3), many(10, 0.6)...), "[]"},
		"few positives":       {append(many(6, 0.6), many(3, 0.3)...), append(many(9, 0.3), many(6, 0.6)...), "[only 9 films with it; chance (AUC 0.5) is not excluded]"},
		"no better than dice": {many(30, 0.5), many(30, 0.5), "[chance (AUC 0.5) is not excluded]"},
		"perfect, of three":   {many(3, 0.9), many(12, 0.02), "[only 3 films with it; the head separates all films: look for what gives them away]"},
		"not sure enough":     {append(many(30, 0.6), 0.3), append(many(30, 0.3), 0.7), "[probabilities are not sure enough (calibration slope 4.96 (2.45 to 7.48)): recalibrate on tuning films]"},
		"too high":            {append(many(20, 0.8), many(10, 0.4)...), append(many(30, 0.4), many(30, 0.6)...), "[probabilities are too high on the whole (calibration intercept -1.16 (-1.59 to -0.73))]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			positive := make([]bool, len(test.positives)+len(test.negatives))
			for i := range test.positives {
				positive[i] = true
			}
			f := evaluate(t, told{"x"}, scored(append(test.positives, test.negatives...), positive))
			if got := "[" + strings.Join(f.Warnings, "; ") + "]"; got != test.want {
				t.Errorf("warnings %s, want %s", got, test.want)
			}
		})
	}
}

func TestMissingLabelsAndWeightZeroTakeNoPart(t *testing.T) {
	d := scored([]float64{0.9, 0.1, 0.2, 0.8, 0.7}, []bool{true, false, false, true, false})
	d.Examples[4].Labels = []head.Label{head.Missing}
	d.Weights = []float64{1, 1, 5, 0, 1}
	if _, err := report.Evaluate(told{"x"}, d, nil); fmt.Sprint(err) != "report: film 2 has the weight 5: films count equally here, want 1, or 0 to leave a film out" {
		t.Errorf("a weight of 5: %v", err)
	}
	d.Weights[2] = 1
	f := evaluate(t, told{"x"}, d)
	if f.Films != 3 || f.Positives != 1 || f.Missing != 1 || f.AUC.Value != 1 {
		t.Errorf("%d films, %d positive, %d missing, AUC %v", f.Films, f.Positives, f.Missing, f.AUC)
	}
}

func TestHeadsThatAreNotRightAreRefused(t *testing.T) {
	d := scored([]float64{0.9, 1.5}, []bool{true, false})
	if _, err := report.Evaluate(told{"x"}, d, nil); fmt.Sprint(err) != `report: film 1: probability 1.5 of "x"` {
		t.Error(err)
	}
}

// A head with more findings than the test set has, in another order.
func TestFindingsAreMatchedByName(t *testing.T) {
	d := &head.Dataset{Findings: []string{"b", "a"}}
	for i, labels := range [][]head.Label{{head.Positive, head.Negative}, {head.Negative, head.Positive}} {
		values := []float32{0.1, 0.5, 0.8} // a, unused, b
		if i == 1 {
			values = []float32{0.9, 0.5, 0.3}
		}
		d.Examples = append(d.Examples, head.Example{Embedding: &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 3}, Values: values}, Labels: labels})
	}
	r, err := report.Evaluate(told{"a", "unused", "b"}, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Findings[0].Finding != "b" || r.Findings[0].AUC.Value != 1 || r.Findings[1].AUC.Value != 1 {
		t.Errorf("%v", r)
	}
}

func TestCompare(t *testing.T) {
	d := cohort.New(3, 200, 4, 1)
	train, test, err := head.Split(d, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	good := fit(t, head.Linear{}, train)
	poor := fit(t, head.Linear{C: 1e-9}, train) // ranks by sign of hardly anything
	same, err := report.Compare(good, good, test)
	if err != nil {
		t.Fatal(err)
	}
	if c := same[0]; c.P != 1 || c.Difference.Value != 0 {
		t.Errorf("a head beside itself: %v", c)
	}
	pair, err := report.Compare(good, poor, test)
	if err != nil {
		t.Fatal(err)
	}
	back, err := report.Compare(poor, good, test)
	if err != nil {
		t.Fatal(err)
	}
	for f := range pair {
		if pair[f].Difference.Value != -back[f].Difference.Value || pair[f].P != back[f].P {
			t.Errorf("the other way around: %v and %v", pair[f], back[f])
		}
		if pair[f].A.Value-pair[f].B.Value != pair[f].Difference.Value {
			t.Errorf("%v", pair[f])
		}
	}
}

// Films of one patient rise and fall together, so intervals of films taken for
// independent would be too narrow, and bootstrapped ones agree with DeLong's.
func TestBootstrapResamplesPatients(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	d := &head.Dataset{Findings: []string{"x"}}
	for p := range 80 {
		center := rng.NormFloat64()
		label := head.Negative
		if p%2 == 0 {
			label, center = head.Positive, center+1
		}
		for range 6 {
			v := 1 / (1 + math.Exp(-center-0.3*rng.NormFloat64()))
			e := &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{float32(v)}}
			d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{label}, Patient: fmt.Sprint(p)})
		}
	}
	f := evaluate(t, told{"x"}, d)
	b, err := f.Bootstrap(400, 1)
	if err != nil {
		t.Fatal(err)
	}
	width := func(i report.Interval) float64 { return i.High - i.Low }
	if ratio := width(b.AUC) / width(f.AUC); ratio < 0.85 || ratio > 1.15 {
		t.Errorf("bootstrap %v, DeLong %v", b.AUC, f.AUC)
	}
	for i := range d.Examples {
		d.Examples[i].Patient = ""
	}
	if alone := evaluate(t, told{"x"}, d); width(alone.AUC) > 0.6*width(f.AUC) {
		t.Errorf("interval %v by patient, %v by film: the case is too easy", f.AUC, alone.AUC)
	}
	for _, i := range []report.Interval{b.AUC, b.AUPRC, b.Brier, b.LogLoss} {
		if !(i.Low < i.Value && i.Value < i.High) {
			t.Errorf("interval %v", i)
		}
	}
	if again, err := f.Bootstrap(400, 1); err != nil || *again != *b {
		t.Errorf("the same seed gave %v and %v (%v)", b, again, err)
	}
	if _, err := f.Bootstrap(3, 1); err == nil {
		t.Error("three rounds were taken")
	}
	one := evaluate(t, told{"x"}, scored([]float64{0.9, 0.1}, []bool{true, false}))
	if b, err := one.Bootstrap(100, 1); err == nil && b.Rounds == 100 {
		t.Error("two films always held both classes")
	}
}

func TestSubgroups(t *testing.T) {
	d := scored([]float64{0.9, 0.1, 0.8, 0.2, 0.4, 0.6, 0.7}, []bool{true, false, true, false, true, false, false})
	for i, v := range []string{"PA", "PA", "AP", "AP", "AP", "AP", ""} {
		d.Examples[i].Attributes = map[string]string{"view": v}
	}
	groups, err := report.Subgroups(told{"x"}, d, "view")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("%s: %d/%d %.2f", g.Value, g.Positives, g.Films, g.AUC.Value))
	}
	if want := ": 0/1 NaN, AP: 2/4 0.75, PA: 1/2 1.00"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	r, err := report.Evaluate(told{"x"}, d, &report.Options{Title: "by view", Subgroups: []string{"view"}})
	if err != nil || r.Title != "by view" || len(r.Subgroups) != len(groups) || !strings.Contains(r.String(), `view "AP"`) {
		t.Errorf("%+v, error %v: want the subgroups in the report", r, err)
	}
	if _, err := report.Subgroups(told{"x"}, d, "site"); fmt.Sprint(err) != `report: no film has the attribute "site"` {
		t.Error(err)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	d := cohort.New(5, 60, 3, 1)
	h := fit(t, head.Linear{}, d)
	other := *d
	other.Findings = []string{"common", "fracture"}
	if _, err := report.Evaluate(h, &other, nil); fmt.Sprint(err) != `report: the head does not know finding "fracture", only ["common" "rare"]` {
		t.Errorf("an unknown finding: %v", err)
	}
	one := &head.Dataset{Findings: d.Findings, Examples: d.Examples[:1]}
	if _, err := report.Evaluate(h, one, nil); err == nil || !strings.Contains(err.Error(), "want some of each") {
		t.Errorf("one film: %v", err)
	}
}

func TestReportPictureIsAPNG(t *testing.T) {
	d := cohort.New(5, 60, 3, 1)
	r, err := report.Evaluate(fit(t, head.Linear{}, d), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(r.PNG()))
	if err != nil || m.Bounds().Dx() < 768 || m.Bounds().Dy() < 400 {
		t.Errorf("picture %v, error %v", m.Bounds(), err)
	}
}
