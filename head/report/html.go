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
var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"count": count}).Parse(reportHTML))

// HTML is the report as one page that needs nothing else: the AUCs as a forest
// plot, warnings, tables, and the ROC, precision-recall and calibration curves of
// each finding as SVG. It fits phones and paper, and is dark where the reader's
// system is. It holds no film's id and no patient.
func (r *Report) HTML() string {
	title := r.Title
	if title == "" {
		title = "Evaluation"
	}
	var b strings.Builder
	err := reportTemplate.Execute(&b, map[string]any{
		"Title": title, "Report": r, "Settings": r.settings(), "Calibrations": r.calibrations(),
		"Warnings": r.remarks(func(f *FindingReport) []string { return f.Warnings }),
		"Forest":   r.forestTable(), "Quality": r.qualityTable(), "Sets": r.setsTable(), "Points": r.pointsTable(), "Groups": r.groupsTable(), "Panels": r.panels(),
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

// A pageRemark is a remark and the findings that it is true of.
type pageRemark struct{ Findings, Text string }

// remarks are those of all findings, each text once.
func (r *Report) remarks(of func(f *FindingReport) []string) (list []pageRemark) {
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, text := range of(f) {
			if k := slices.IndexFunc(list, func(p pageRemark) bool { return p.Text == text }); k >= 0 {
				list[k].Findings += ", " + f.Finding
				continue
			}
			list = append(list, pageRemark{f.Finding, text})
		}
	}
	return list
}

// calibrations tell where probabilities come from.
func (r *Report) calibrations() []pageRemark {
	list := r.remarks(func(f *FindingReport) []string {
		if f.Calibrated == "" {
			return nil
		}
		return []string{f.Calibrated}
	})
	if len(list) == 1 {
		list[0].Findings = "" // all
	}
	return list
}

// pagePanels are the curves of one finding.
type pagePanels struct {
	Finding string
	Curves  []pageCurve
}

type pageCurve struct {
	Name, Numbers string
	SVG           template.HTML
}

func (r *Report) panels() (all []pagePanels) {
	for i := range r.Findings {
		f := &r.Findings[i]
		one := pagePanels{Finding: f.Finding}
		for _, c := range []struct {
			name  string
			panel panel
		}{{"ROC", rocPanel(f, panelText)}, {"Precision and recall", prPanel(f, panelText)}, {"Calibration", calibrationPanel(f, panelText)}} {
			one.Curves = append(one.Curves, pageCurve{c.name, c.panel.numbers, template.HTML(pageColors.Replace(c.panel.svg()))})
		}
		all = append(all, one)
	}
	return all
}

// pageColors makes a picture's colors the page's, which are others in the dark.
// The accent of a band, which one sees through, comes out of vgsvg as #0071B1.
var pageColors = strings.NewReplacer("#000000", "var(--ink)", "#E1E1E1", "var(--line)", "#8C8C8C", "var(--muted)", "#0072B2", "var(--accent)", "#0071B1", "var(--accent)")

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
