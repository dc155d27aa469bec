package report_test

import (
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

// Each figure of the report is in the statement, in the words of the report, and
// nothing of patients or films is.
func TestStatement(t *testing.T) {
	d := cohort.New(5, 120, 3, 1)
	for i := range d.Examples {
		d.Examples[i].Attributes = map[string]string{"view": []string{"PA", "AP"}[i%2]}
	}
	d.Examples[0].Labels = []head.Label{head.Missing, head.Missing}
	r, err := report.Evaluate(fit(t, head.Linear{}, d), d, &report.Options{Subgroups: []string{"view"}, Thresholds: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	text := r.Statement()
	want := []string{"Head: linear, trained on", "Validation\nOne model was tested", "without a label left out", "Newcombe", r.MacroAUC.String(), "To be told by the authors"}
	for _, f := range r.Findings {
		want = append(want, f.AUC.String(), f.CalibrationSlope.String(), f.Points[0].Rule)
		want = append(want, f.Warnings...)
	}
	for _, g := range r.Subgroups {
		want = append(want, g.AUC.String())
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
	for _, never := range []string{"patient0", "0-0", "NaN"} {
		if strings.Contains(text, never) {
			t.Errorf("the statement has %q:\n%s", never, text)
		}
	}
	c, err := report.CrossValidate(t.Context(), head.Linear{}, d, &report.CrossOptions{Repeats: 1})
	if err != nil {
		t.Fatal(err)
	}
	if text := c.Statement(); !strings.Contains(text, "5 folds, dealt 1 time") || strings.Contains(text, "kept apart") {
		t.Error(text)
	}
}
