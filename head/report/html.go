package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

//go:embed report.html
var reportHTML string

// reportTemplate is parsed once; a mistake in it shows in the first test.
var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": percent,
	"number":  func(v float64) string { return fmt.Sprintf("%.3f", v) },
	"p":       pValue,
}).Parse(reportHTML))

// HTML is the report as one page that needs nothing else: tables, and the ROC,
// precision-recall and calibration figures as SVG. It holds no film's id and no
// patient.
func (r *Report) HTML() string {
	title := r.Title
	if title == "" {
		title = "Evaluation"
	}
	var b strings.Builder
	err := reportTemplate.Execute(&b, map[string]any{
		"Title": title, "Report": r, "Settings": r.settings(), "Macro": !math.IsNaN(r.MacroAUC.Value) && len(r.Findings) > 1,
		"Sets": len(r.Findings) > 0 && r.Findings[0].Sets != nil,
		"ROC":  template.HTML(r.ROC().SVG()), "PR": template.HTML(r.PR().SVG()), "Calibration": template.HTML(r.Calibration().SVG()),
	})
	if err != nil { // the template does not fit its data: a test would have told
		return template.HTMLEscapeString(err.Error())
	}
	return b.String()
}

// settings of the trainer as "name value", sorted.
func (r *Report) settings() []string {
	if r.Training == nil {
		return nil
	}
	var list []string
	for name, v := range r.Training.Settings {
		list = append(list, fmt.Sprintf("%s %.4g", name, v))
	}
	slices.Sort(list)
	return list
}

// pValue is like "0.03", or "unknown".
func pValue(p float64) string {
	if math.IsNaN(p) {
		return "unknown"
	}
	return fmt.Sprintf("%.2g", p)
}

// percent is like "91 % (85 to 95)".
func percent(i Interval) string {
	if math.IsNaN(i.Value) {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %% (%.0f to %.0f)", 100*i.Value, 100*i.Low, 100*i.High)
}
