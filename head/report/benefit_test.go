package report_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// A head whose probabilities are right is reported so, and one that is too sure
// is not; its curve bends accordingly.
func TestCalibrationIsJudged(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	var right, sure []float64
	var positive []bool
	for range 1000 {
		z := 1.5 * rng.NormFloat64()
		p := 1 / (1 + math.Exp(-z))
		right, sure, positive = append(right, p), append(sure, 1/(1+math.Exp(-3*z))), append(positive, rng.Float64() < p)
	}
	good := evaluate(t, told{"x"}, scored(right, positive))
	if s, i := good.CalibrationSlope, good.CalibrationIntercept; s.Low > 1 || s.High < 1 || i.Low > 0 || i.High < 0 || len(good.Warnings) > 0 {
		t.Errorf("slope %v, intercept %v, warnings %q", s, i, good.Warnings)
	}
	if good.ECE > 2*good.PerfectECE || good.PerfectECE <= 0 {
		t.Errorf("ECE %v, a perfect head's %v", good.ECE, good.PerfectECE)
	}
	f := evaluate(t, told{"x"}, scored(sure, positive))
	if f.CalibrationSlope.High > 0.5 || f.ECE < 3*f.PerfectECE || len(f.Warnings) == 0 || math.Abs(f.AUC.Value-good.AUC.Value) > 1e-4 {
		t.Errorf("slope %v, ECE %v beside %v, warnings %q, AUC %v", f.CalibrationSlope, f.ECE, f.PerfectECE, f.Warnings, f.AUC)
	}
	for _, p := range f.Smooth {
		if p.Predicted > 0.9 && p.Observed > p.Predicted || p.Predicted < 0.02 && p.Observed < p.Predicted {
			t.Errorf("the curve of a head that is too sure is at %+v", p)
		}
	}
}

func TestNetBenefitAndBand(t *testing.T) {
	d := headtest.Gaussian{Seed: 2, Films: 600, Dim: 6, Strength: 2, Findings: []string{"x"}}.Make()
	train, test, err := head.Split(d, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := evaluate(t, fit(t, head.Linear{}, train), test)
	b, err := f.NetBenefit(0, 0.1, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	prevalence := float64(f.Positives) / float64(f.Films)
	if b[0].Head.Value != b[0].All || math.Abs(b[0].All-prevalence) > 1e-12 {
		t.Errorf("at 0 all are called: %+v, prevalence %v", b[0], prevalence)
	}
	p, err := f.At(report.AtThreshold, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if want := float64(p.TruePositives-p.FalsePositives) / float64(f.Films); math.Abs(b[2].Head.Value-want) > 1e-12 || !(b[2].Head.Low < want && want < b[2].Head.High) {
		t.Errorf("at one half: %+v, want %v", b[2], want)
	}
	band, err := f.ROCBand(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range band {
		s := p.Sensitivity
		if s.Low > s.Value || s.Value > s.High || s.Low < 0 || s.High > 1 || i > 0 && (s.Low < band[i-1].Sensitivity.Low || s.High < band[i-1].Sensitivity.High) {
			t.Errorf("band %+v", p)
		}
	}
	if m, n := f.FilmsForHalf(); m < 3*f.Positives || m > 6*f.Positives || n < 3*(f.Films-f.Positives) {
		t.Errorf("%d and %d films for half of the width, there are %d of %d", m, n, f.Positives, f.Films)
	}
	for _, err := range []error{second(f.NetBenefit(1)), second(f.NetBenefit(math.NaN())), second(f.ROCBand(1, 1))} {
		if err == nil {
			t.Error("taken")
		}
	}
	ppv, npv, err := p.PredictiveValues(prevalence)
	if err != nil || math.Abs(ppv.Value-p.PPV.Value) > 1e-12 || math.Abs(npv.Value-p.NPV.Value) > 1e-12 {
		t.Errorf("at these films' prevalence %v and %v, want %v and %v, error %v", ppv, npv, p.PPV, p.NPV, err)
	}
	rare, _, err := p.PredictiveValues(0.01)
	if err != nil || !(rare.High < ppv.Low) {
		t.Errorf("where the finding is rare %v, error %v", rare, err)
	}
	if _, _, err := p.PredictiveValues(0); err == nil {
		t.Error("a prevalence of 0 was taken")
	}
}

func second[T any](_ T, err error) error { return err }

// Isotonic calibration on few films is warned of.
func TestIsotonicOnFewFilmsIsWarnedOf(t *testing.T) {
	d := headtest.Gaussian{Seed: 3, Films: 900, Dim: 4, Strength: 1, Findings: []string{"x"}}.Make()
	train, rest, err := head.Split(d, 0.7, 1)
	if err != nil {
		t.Fatal(err)
	}
	tune, test, err := head.Split(rest, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	small, _, err := head.Split(tune, 0.7, 1)
	if err != nil {
		t.Fatal(err)
	}
	for films, warned := range map[*head.Dataset]bool{small: true, tune: false} {
		m, err := fit(t, head.Linear{}, train).Calibrate(films, head.Isotonic)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, w := range evaluate(t, m, test).Warnings {
			found = found || len(w) > 20 && w[:20] == "isotonic calibration"
		}
		if found != warned {
			t.Errorf("%d films: warned %v", len(films.Examples), found)
		}
	}
}
