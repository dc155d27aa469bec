package report_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// encodings are films as three encoders see them: one sees all, one the same in
// another order, one hardly anything.
func encodings() []report.Encoding {
	films := headtest.Gaussian{Seed: 1, Films: 200, Patients: 150, Dim: 4, Strength: 2, Findings: []string{"x", "y"}}.Make()
	turned, blind := *films, *films
	turned.Examples, blind.Examples = slices.Clone(films.Examples), slices.Clone(films.Examples)
	for i, e := range films.Examples {
		v := e.Embedding.Values
		turned.Examples[i].Embedding = &cxr.Embedding{ID: e.Embedding.ID, Space: e.Embedding.Space, Values: []float32{v[1], v[0], v[3], v[2]}}
		blind.Examples[i].Embedding = &cxr.Embedding{ID: e.Embedding.ID, Space: e.Embedding.Space, Values: []float32{v[0] / 8, v[2], v[3], v[3] - v[2]}}
	}
	return []report.Encoding{{Name: "all", Films: films}, {Name: "turned", Films: &turned}, {Name: "blind", Films: &blind}}
}

func TestCompareEncoders(t *testing.T) {
	last := 0
	c, err := report.CompareEncoders(t.Context(), head.Linear{}, encodings(), &report.CrossOptions{Repeats: 2, Progress: func(done, total int) {
		if done != last+1 || total != 30 {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != 30 {
		t.Errorf("%d fits", last)
	}
	for f := range 2 {
		if d := c.Against[1][f]; math.Abs(d.Difference.Value) > 1e-6 || d.P < 0.9 {
			t.Errorf("the same in another order: %v", d)
		}
	}
	d := c.Against[2][1]
	if d.Difference.Value > -0.2 || d.Holm > 0.001 || d.Holm < d.P || d.A != c.Reports[2].Findings[1].AUC || d.B != c.Reports[0].Findings[1].AUC {
		t.Errorf("blind to y: %v, p %v, corrected %v", d, d.P, d.Holm)
	}
	text := c.String()
	for _, want := range []string{"less all", "y        blind", fmt.Sprintf("%+.3f", d.Difference.Value), "5 folds, dealt 2 times"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if svg := c.SVG(); !strings.Contains(svg, "blind") || !strings.Contains(svg, "p corrected") {
		t.Error("the figure does not name the encoders")
	}
}

func TestCompareEncodersRefuses(t *testing.T) {
	for want, change := range map[string]func(e []report.Encoding) []report.Encoding{
		"comparing 1 encoder,":         func(e []report.Encoding) []report.Encoding { return e[:1] },
		`encoder "turned": 199 films`:  func(e []report.Encoding) []report.Encoding { e[1].Films.Examples = e[1].Films.Examples[1:]; return e },
		"film 7 is of another patient": func(e []report.Encoding) []report.Encoding { e[1].Films.Examples[7].Patient = "z"; return e },
		"film 7 has another label": func(e []report.Encoding) []report.Encoding {
			e[1].Films.Examples[7].Labels = []head.Label{head.Missing, head.Missing}
			return e
		},
	} {
		if _, err := report.CompareEncoders(t.Context(), head.Linear{}, change(encodings()), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
