package api

import (
	"math"
	"net/http"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/head/report"
)

// number is a figure that may be unknown, which JSON has no number for.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

type interval struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
	Text  string   `json:"text"`
}

func tell(i report.Interval) interval {
	return interval{number(i.Value), number(i.Low), number(i.High), i.String()}
}

// figures are those of a report that the page draws.
type figures struct {
	AUC              interval      `json:"auc"`
	Films            int           `json:"films"`
	Positives        int           `json:"positives"`
	Patients         int           `json:"patients"`
	PositivePatients int           `json:"positivePatients"`
	NegativePatients int           `json:"negativePatients"`
	ROC              [][3]*float64 `json:"roc"` // 1 - specificity, sensitivity, threshold
	Bins             []bin         `json:"bins"`
	Slope            interval      `json:"slope"`
	Brier            *float64      `json:"brier"`
	Warnings         []string      `json:"warnings"`
	HalfPositives    int           `json:"halfPositives"` // films that would make the interval half as wide
	HalfNegatives    int           `json:"halfNegatives"`
	How              string        `json:"how"`
	Youden           *float64      `json:"youden"`
}

type bin struct {
	Films     int      `json:"films"`
	Predicted *float64 `json:"predicted"`
	Observed  interval `json:"observed"`
}

// learned is what was learned of a finding.
func (a *api) learned(w http.ResponseWriter, r *http.Request) {
	l, err := a.Learned(r.URL.Query().Get("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	told := struct {
		board.Learned
		Figures *figures `json:"figures"`
	}{Learned: l}
	if l.Report != nil {
		told.Figures = tellReport(l.Report)
	}
	answer(w, told)
}

func tellReport(r *report.Report) *figures {
	f := &r.Findings[0]
	t := &figures{
		AUC: tell(f.AUC), Films: f.Films, Positives: f.Positives, Patients: f.Patients, PositivePatients: f.PositivePatients, NegativePatients: f.NegativePatients,
		Slope: tell(f.CalibrationSlope), Brier: number(f.Brier), Warnings: append([]string{}, f.Warnings...), How: r.Validated.String(),
	}
	t.HalfPositives, t.HalfNegatives = f.FilmsForHalf()
	for _, p := range thin(f.ROC) {
		t.ROC = append(t.ROC, [3]*float64{number(1 - p.Specificity), number(p.Sensitivity), number(p.Threshold)})
	}
	for _, b := range f.Calibration {
		t.Bins = append(t.Bins, bin{b.Films, number(b.Predicted), tell(b.Observed)})
	}
	if p, err := f.At(report.Youden, 0); err == nil {
		t.Youden = number(p.Threshold)
	}
	return t
}

// thin is a curve of no more points than a page can draw.
func thin(roc []report.ROCPoint) []report.ROCPoint {
	const enough = 400
	step := len(roc)/enough + 1
	var thinned []report.ROCPoint
	for i := 0; i < len(roc); i += step {
		thinned = append(thinned, roc[i])
	}
	if last := len(roc) - 1; last >= 0 && last%step != 0 {
		thinned = append(thinned, roc[last])
	}
	return thinned
}

// point is an operating point with the films behind its counts: at a threshold, or
// by sensitivity or specificity.
func (a *api) point(w http.ResponseWriter, r *http.Request) {
	rule := report.Youden
	var value float64
	for _, other := range []report.Rule{report.AtThreshold, report.AtSensitivity, report.AtSpecificity} {
		if !r.URL.Query().Has(other.String()) {
			continue
		}
		var ok bool
		if value, ok = share(w, r, other.String()); !ok {
			return
		}
		rule = other
	}
	p, err := a.Point(r.URL.Query().Get("finding"), rule, value)
	if err != nil {
		failed(w, err)
		return
	}
	type cell struct {
		Count int   `json:"count"`
		Films []int `json:"films"`
	}
	shown := func(count int, films []int) cell { return cell{count, append([]int{}, films...)} }
	answer(w, struct {
		Threshold   *float64 `json:"threshold"`
		TP          cell     `json:"tp"`
		FP          cell     `json:"fp"`
		TN          cell     `json:"tn"`
		FN          cell     `json:"fn"`
		Sensitivity interval `json:"sensitivity"`
		Specificity interval `json:"specificity"`
		PPV         interval `json:"ppv"`
		NPV         interval `json:"npv"`
	}{
		number(p.Threshold), shown(p.TruePositives, p.TruePositive), shown(p.FalsePositives, p.FalsePositive),
		shown(p.TrueNegatives, p.TrueNegative), shown(p.FalseNegatives, p.FalseNegative),
		tell(p.Sensitivity), tell(p.Specificity), tell(p.PPV), tell(p.NPV),
	})
}

func (a *api) suspects(w http.ResponseWriter, r *http.Request) {
	suspects, err := a.Mislabeled(r.URL.Query().Get("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, suspects)
}

func (a *api) copies(w http.ResponseWriter, r *http.Request) { answer(w, a.Copies()) }

func (a *api) leaks(w http.ResponseWriter, r *http.Request) { answer(w, a.Leaks()) }
