package report_test

import (
	_ "embed"
	"flag"
	"fmt"
	"html"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

var pagesDir = flag.String("pages", "", "folder to write TestNothingOverlaps' pages and pictures to, to look at")

// nihFindings and some that need more room.
var manyFindings = []string{
	"effusion", "atelectasis", "cardiomegaly", "consolidation", "edema", "emphysema", "fibrosis", "hernia", "infiltration", "mass", "nodule",
	"pleural thickening", "pneumonia", "pneumothorax", "enlarged cardiomediastinal silhouette of any cause", "support_devices_without_pneumothorax",
	"fracture", "lung lesion", "lung opacity", "no finding", "airspace opacity", "bronchiectasis", "calcification", "cavity", "granuloma",
	"lymphadenopathy", "scoliosis", "subcutaneous emphysema", "tortuous aorta", "tuberculosis",
}

// manyFilms have so many findings, from frequent to rare, from plain to hidden.
func manyFilms(findings int, seed uint64) *head.Dataset {
	const films, patients = 500, 350
	rng := rand.New(rand.NewPCG(seed, 22))
	d := &head.Dataset{Findings: manyFindings[:findings]}
	labels := make([][]head.Label, patients)
	for p := range labels {
		for f := range findings {
			label := head.Negative
			if rng.Float64() < 0.4/float64(1+f%8) {
				label = head.Positive
			}
			labels[p] = append(labels[p], label)
		}
	}
	for i := range films {
		e := &cxr.Embedding{ID: fmt.Sprint(seed, i), Space: cxr.Space{Model: "drawn", Recipe: "none/1", Tokens: 1, Dim: findings}}
		for f := range findings {
			v := rng.NormFloat64()
			if labels[i%patients][f] == head.Positive {
				v += 0.3 * float64((f+3)%7)
			}
			e.Values = append(e.Values, float32(v))
		}
		d.Examples = append(d.Examples, head.Example{
			Embedding: e, Patient: fmt.Sprint(seed, i%patients), Labels: labels[i%patients], Attributes: map[string]string{"view": []string{"PA", "AP"}[i%2]},
		})
	}
	return d
}

// manyReport is of a head with everything that a page can tell of.
func manyReport(t *testing.T, findings int) *report.Report {
	t.Helper()
	tune := manyFilms(findings, 2)
	h, err := fit(t, head.Linear{}, manyFilms(findings, 1)).Calibrate(tune, head.Platt)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []report.Rule{report.Youden, report.AtSensitivity} {
		if h, err = report.Choose(h, tune, rule, 0.9); err != nil {
			t.Fatal(err)
		}
	}
	if findings == 4 {
		if h, err = h.Conform(manyFilms(findings, 4), 0.9); err != nil {
			t.Fatal(err)
		}
	}
	o := &report.Options{Title: fmt.Sprintf("Linear head of %d findings", findings)}
	if findings <= 4 {
		o.Subgroups = []string{"view"}
	}
	r, err := report.Evaluate(h, manyFilms(findings, 3), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// chromium is the name of the browser on this machine; empty: there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

//go:embed testdata/measure.js
var measureJS string

// In a browser no text of page and pictures is cut or lies over another, on a
// phone, a tablet, a desktop, and on paper.
func TestNothingOverlaps(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser lays pages out alike whatever processor wrote them")
	}
	browser := chromium()
	if browser == "" && *pagesDir == "" {
		t.Skip("no Chromium or Chrome on this machine to measure pages with")
	}
	var all strings.Builder
	frame := func(name string, width int, page string) {
		fmt.Fprintf(&all, "<iframe title=%q style=\"width: %dpx; height: 900px; border: 0\" srcdoc=\"%s\"></iframe>\n", name, width, html.EscapeString(page))
	}
	picture := func(name string, f *report.Figure) {
		fmt.Fprintf(&all, "<figure title=%q>%s</figure>\n", name, f.SVG())
		write(t, name+".png", f.PNG())
	}
	const paper = 718 // A4 less margins of 1 cm, in CSS pixels
	for _, n := range []int{1, 4, 13, 30} {
		r := manyReport(t, n)
		page := r.HTML()
		write(t, fmt.Sprintf("page%d.html", n), []byte(page))
		for _, width := range []int{360, 768, 1280} {
			frame(fmt.Sprintf("page of %d at %d", n, width), width, page)
		}
		frame(fmt.Sprintf("page of %d in print", n), paper, strings.Replace(page, "@media print", "@media all", 1))
		for name, f := range map[string]*report.Figure{"forest": r.Forest(), "roc": r.ROC(), "pr": r.PR(), "calibration": r.Calibration()} {
			picture(fmt.Sprint(name, n), f)
		}
	}
	for _, n := range []int{1, 3, 12} {
		picture(fmt.Sprint("curves", n), report.CurvesFigure(drawnCurves(n)...))
	}
	c, err := report.CompareEncoders(t.Context(), head.Linear{}, encodings(), &report.CrossOptions{Repeats: 1})
	if err != nil {
		t.Fatal(err)
	}
	picture("encoders", c.Figure())
	if browser == "" {
		return
	}
	for _, line := range measured(t, browser, all.String()) {
		t.Error(line)
	}
}

// measured is what the script says of frames and pictures.
func measured(t *testing.T, browser, body string) []string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "measure.html")
	text := "<!DOCTYPE html><meta charset=utf-8><title>pages</title><body>" + body + "<script>" + measureJS + "</script>"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir, "--virtual-time-budget=60000", "--dump-dom", "file://"+file)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	_, text, found := strings.Cut(string(out), `<pre id="wrong">`)
	text, _, _ = strings.Cut(text, "</pre>")
	lines := strings.Split(html.UnescapeString(text), "\n")
	if !found || lines[0] != "measured" {
		t.Fatalf("%s did not run the script: %.2000s", browser, out)
	}
	return lines[1:]
}

// write leaves a file to look at, if a folder is given.
func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if *pagesDir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*pagesDir, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// drawnCurves rise from 0.6 to 0.9, some sooner than others.
func drawnCurves(n int) (curves []report.Curve) {
	for i := range n {
		c := report.Curve{Name: fmt.Sprintf("%s, encoder %d of a long name", manyFindings[i], i)}
		for films, k := 8, 1; films <= 1024; films, k = films*2, k+1 {
			v := 0.9 - 0.3/float64(k) - 0.02*float64(i)
			c.Points = append(c.Points, report.CurvePoint{Films: films, AUC: report.Interval{Value: v, Low: v - 0.1/float64(k), High: min(1, v+0.08/float64(k))}})
		}
		curves = append(curves, c)
	}
	return curves
}
