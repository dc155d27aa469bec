package report_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

func TestPageIsWholeAndSafe(t *testing.T) {
	d := cohort.New(5, 60, 3, 1)
	d.Findings = []string{"<script>alert(1)</script>", "rare"}
	for i := range d.Examples {
		d.Examples[i].Attributes = map[string]string{"view": []string{"PA", "<b>"}[i%2]}
	}
	h := fit(t, head.Linear{}, d)
	r, err := report.Evaluate(h, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Subgroups, err = report.Subgroups(h, d, "view"); err != nil {
		t.Fatal(err)
	}
	r.Title = "Effusion & more"
	page := r.HTML()
	for _, want := range []string{"<h1>Effusion &amp; more</h1>", "&lt;script&gt;", "Operating points", "None: the head has no thresholds", "Subgroups", "trained on"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, never := range []string{"<script", "<b>", "http-equiv", "src=", "href=\"http", "patient0", "0-0"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	// In a notebook the page stands between other outputs, and must not style them;
	// only where it is the page itself, it colors what is around it.
	_, style, _ := strings.Cut(page, "<style>\n")
	style, _, _ = strings.Cut(style, "</style>")
	for rule := range strings.Lines(style) {
		if strings.HasPrefix(rule, "@") || rule == "}\n" {
			continue
		}
		selectors, _, _ := strings.Cut(rule, " {")
		for selector := range strings.SplitSeq(selectors, ", ") {
			if !strings.HasPrefix(selector, ".cxrkit-report") && selector != "body:has(> .cxrkit-report)" {
				t.Errorf("selector %q reaches beyond the report", selector)
			}
		}
	}
	if n := strings.Count(page, "<svg"); n != 3*len(r.Findings) {
		t.Errorf("%d curves of %d findings", n, len(r.Findings))
	}
	// Colors are the page's, which are others in the dark.
	for svg := range strings.SplitSeq(page, "<svg") {
		svg, _, _ = strings.Cut(svg, "</svg>")
		if strings.Contains(svg, "viewBox") && (strings.Contains(svg, ":#") || !strings.Contains(svg, "var(--accent)")) {
			t.Errorf("curves of colors of their own: %.300s", svg)
		}
	}
	for _, f := range []*report.Figure{r.Forest(), r.ROC(), r.PR(), r.Calibration()} {
		d := xml.NewDecoder(strings.NewReader(f.SVG()))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("SVG is no XML: %v", err)
			}
		}
	}
}

// What calls films positive is told with where it comes from, and nothing is
// called positive that nobody asked for.
func TestPageTellsWhereThresholdsComeFrom(t *testing.T) {
	d := cohort.New(5, 120, 3, 1)
	train, rest, err := head.Split(d, 0.6, 1)
	if err != nil {
		t.Fatal(err)
	}
	tune, test, err := head.Split(rest, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	h, err := fit(t, head.Linear{}, train).Calibrate(tune, head.Platt)
	if err != nil {
		t.Fatal(err)
	}
	if h, err = report.Choose(h, tune, report.Youden, 0); err != nil {
		t.Fatal(err)
	}
	r, err := report.Evaluate(h, test, &report.Options{Thresholds: []float64{0.25}})
	if err != nil {
		t.Fatal(err)
	}
	films := len(tune.Examples)
	f := r.Findings[0]
	if len(f.Points) != 2 || f.Points[0].ChosenOn != films || f.Points[1].Rule != "threshold 0.25" || f.Points[1].ChosenOn != 0 {
		t.Errorf("points %+v", f.Points)
	}
	if want := fmt.Sprintf("by Platt's curve, on %d films", films); f.Calibrated != want {
		t.Errorf("calibrated %q, want %q", f.Calibrated, want)
	}
	if _, err := report.Evaluate(h, test, &report.Options{Thresholds: []float64{2}}); err == nil || !strings.Contains(err.Error(), "threshold 2, want 0 to 1") {
		t.Errorf("a threshold of 2: error %v", err)
	}
	statement := r.Statement()
	if want := fmt.Sprintf("(youden, chosen on %d films)", films); !strings.Contains(statement, want) {
		t.Errorf("the statement has no %q:\n%s", want, statement)
	}
}
