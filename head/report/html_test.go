package report_test

import (
	"encoding/xml"
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
	for _, want := range []string{"<h1>Effusion &amp; more</h1>", "&lt;script&gt;", "Operating points", "threshold 0.5", "Subgroups", "trained on"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, never := range []string{"<script", "<b>", "http-equiv", "src=", "href=\"http", "patient0", "0-0"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	// In a notebook the page stands between other outputs, and must not style them.
	_, style, _ := strings.Cut(page, "<style>\n")
	style, _, _ = strings.Cut(style, "</style>")
	for rule := range strings.Lines(style) {
		selectors, _, _ := strings.Cut(rule, " {")
		for selector := range strings.SplitSeq(selectors, ", ") {
			if !strings.HasPrefix(selector, ".cxrkit-report") {
				t.Errorf("selector %q reaches beyond the report", selector)
			}
		}
	}
	if n := strings.Count(page, "<svg"); n != 3 {
		t.Errorf("%d figures", n)
	}
	for _, f := range []*report.Figure{r.ROC(), r.PR(), r.Calibration()} {
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
