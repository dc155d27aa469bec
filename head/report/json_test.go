package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

// What the report says is in its JSON, also what is unknown; nothing of patients
// or films is.
func TestJSON(t *testing.T) {
	d := cohort.New(5, 60, 3, 1)
	for i := range d.Examples {
		d.Examples[i].Attributes = map[string]string{"view": []string{"PA", "AP", "LL"}[i%3]}
	}
	m, err := fit(t, head.Linear{}, d).Conform(d, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Evaluate(m, d, &report.Options{Title: "A <title>", Subgroups: []string{"view"}, Thresholds: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	text := r.JSON()
	var got struct {
		Version, Title string
		Training       head.Training
		MacroAUC       struct{ Value, Low, High *float64 } `json:"macro_auc"`
		Findings       []struct {
			Finding          string
			PositivePatients int `json:"positive_patients"`
			AUC              struct{ Value, Low, High *float64 }
			Brier            *float64
			ROC              []struct{ Threshold *float64 }
			OperatingPoints  []struct {
				TruePositives int `json:"true_positives"`
			} `json:"operating_points"`
			Sets *struct{ Level float64 } `json:"conformal_sets"`
		}
		Subgroups []struct {
			Value string
			Same  *float64 `json:"p_same_auc"`
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != report.JSONVersion || got.Title != "A <title>" || got.Training.Trainer != "linear" || *got.MacroAUC.Value != r.MacroAUC.Value || len(got.Subgroups) != len(r.Subgroups) {
		t.Errorf("%+v", got)
	}
	for k, f := range r.Findings {
		g := got.Findings[k]
		if g.Finding != f.Finding || g.PositivePatients != f.PositivePatients || *g.AUC.Value != f.AUC.Value || *g.AUC.Low != f.AUC.Low || *g.Brier != f.Brier ||
			len(g.ROC) != len(f.ROC) || g.ROC[0].Threshold != nil || g.OperatingPoints[0].TruePositives != f.Points[0].TruePositives || g.Sets.Level != 0.9 {
			t.Errorf("%+v", g)
		}
	}
	for _, never := range []string{"patient0", "0-0", "NaN", "Inf"} {
		if bytes.Contains(text, []byte(never)) {
			t.Errorf("the JSON has %q", never)
		}
	}
	if !bytes.Equal(text, r.JSON()) {
		t.Error("other bytes the second time")
	}
	// Nearly everything unknown.
	odd, err := report.Evaluate(told{"x"}, scored([]float64{1, 0}, []bool{true, false}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := odd.JSON(); !json.Valid(text) || !strings.Contains(string(text), "\"calibration_slope\": {\n        \"value\": null") || strings.Contains(string(text), "error") {
		t.Errorf("%s", text)
	}
	if strings.Contains(fmt.Sprint(odd), "mean AUC") {
		t.Errorf("%v", odd)
	}
}
