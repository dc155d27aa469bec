package report_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// At one site a mark on the film gives the finding away, which a head that was
// trained there learns. Left out, each site shows what is left.
func TestLeaveOut(t *testing.T) {
	d := headtest.Gaussian{Seed: 1, Films: 900, Dim: 4, Strength: 1, Findings: []string{"x"}}.Make()
	for i := range d.Examples {
		e := &d.Examples[i]
		e.Patient = fmt.Sprint("p", i)
		e.Attributes = map[string]string{"site": []string{"a", "b", "c"}[i%3]}
		if e.Labels[0] == head.Positive && i%3 == 0 {
			e.Embedding.Values[3] += 20
		}
		if i%90 < 3 { // some were at all sites
			e.Patient = fmt.Sprint("q", i/90)
		}
	}
	w := &watcher{Trainer: head.Linear{}}
	groups, err := report.LeaveOut(t.Context(), w, d, "site")
	if err != nil {
		t.Fatal(err)
	}
	bayes := headtest.Gaussian{Strength: 1}.Bayes()
	for k, g := range groups {
		if g.Films != 300 || g.Value != string(rune('a'+k)) {
			t.Errorf("%+v", g)
		}
		if k > 0 && (g.AUC.Value > bayes+0.06 || g.AUC.Value < 0.5) {
			t.Errorf("site %s: AUC %v, the best there is has %.2f", g.Value, g.AUC, bayes)
		}
	}
	for _, patients := range w.seen {
		for p := range patients {
			if strings.HasPrefix(p, "q") {
				t.Errorf("patient %s is on both sides", p)
			}
		}
	}
	inside, err := report.CrossValidate(t.Context(), head.Linear{}, d, &report.CrossOptions{Repeats: 1, Subgroups: []string{"site"}})
	if err != nil || inside.Subgroups[0].AUC.Value < 0.95 {
		t.Errorf("within the sites %v, error %v: the mark is too faint", inside.Subgroups[0].AUC, err)
	}
	for i := range d.Examples {
		if i%3 == 1 {
			d.Examples[i].Labels = []head.Label{head.Negative}
		}
	}
	if groups, err = report.LeaveOut(t.Context(), head.Linear{}, d, "site"); err != nil || !math.IsNaN(groups[1].AUC.Value) || len(groups[1].Warnings) != 1 {
		t.Errorf("a site without positives: %+v, error %v", groups[1], err)
	}
	if _, err := report.LeaveOut(t.Context(), head.Linear{}, d, "device"); fmt.Sprint(err) != `report: films have 0 values of the attribute "device", want at least 2` {
		t.Error(err)
	}
}
