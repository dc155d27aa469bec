package report_test

import (
	"regexp"
	"strconv"
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
	want := []string{"Head: linear, trained on", "\nOne model was tested", "without a label left out", "Newcombe", r.MacroAUC.String(), "To be told by the authors"}
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

// Every number that a statement names is one of its guideline's items, which are
// 44 of CLAIM 2024, 27 of TRIPOD+AI and 40 of STARD-AI, of some of them parts.
func TestStatementNamesItemsThatExist(t *testing.T) {
	d := cohort.New(5, 120, 3, 1)
	r, err := report.Evaluate(fit(t, head.Linear{}, d), d, &report.Options{Thresholds: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{
		"TRIPOD+AI 3": "c", "TRIPOD+AI 5": "b", "TRIPOD+AI 6": "c", "TRIPOD+AI 8": "c", "TRIPOD+AI 9": "c", "TRIPOD+AI 12": "g",
		"TRIPOD+AI 18": "f", "TRIPOD+AI 20": "c", "TRIPOD+AI 23": "b", "TRIPOD+AI 27": "c",
		"STARD-AI 15": "d", "STARD-AI 16": "c", "STARD-AI 17": "b", "STARD-AI 26": "b", "STARD-AI 40": "b",
	}
	last := map[string]int{"CLAIM 2024": 44, "TRIPOD+AI": 27, "STARD-AI": 40}
	lists := regexp.MustCompile(`\((CLAIM 2024) ([^;)]*); (TRIPOD\+AI) ([^;)]*); (STARD-AI) ([^;)]*)\)\n`).FindAllStringSubmatch(r.Statement(), -1)
	if len(lists) < 15 {
		t.Fatalf("%d lists of items", len(lists))
	}
	for _, list := range lists {
		for k := 1; k < 6; k += 2 {
			for item := range strings.SplitSeq(strings.ReplaceAll(list[k+1], " to ", ", "), ", ") {
				number := strings.TrimRight(item, "abcdefg")
				part, has := strings.TrimPrefix(item, number), parts[list[k]+" "+number]
				if n, err := strconv.Atoi(number); err != nil || n < 1 || n > last[list[k]] || (part == "") != (has == "") || part > has {
					t.Errorf("%s has no item %q", list[k], item)
				}
			}
		}
	}
}
