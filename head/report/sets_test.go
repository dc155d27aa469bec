package report_test

import (
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
)

// Sets are judged on test films; where films come from elsewhere and the promise
// is broken, the report says so.
func TestSetsAreJudged(t *testing.T) {
	make := func(seed uint64) *head.Dataset {
		return headtest.Gaussian{Seed: seed, Films: 600, Dim: 6, Strength: 1.5, Findings: []string{"x"}}.Make()
	}
	m, err := fit(t, head.Linear{}, make(1)).Conform(make(2), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	f := evaluate(t, m, make(3))
	s := f.Sets
	if s == nil || s.Level != 0.9 || s.Positive.High < 0.9 || s.Negative.High < 0.9 || s.Positive.Value < 0.84 || s.Known.Value < 0.3 || strings.Contains(strings.Join(f.Warnings, ";"), "promised") {
		t.Errorf("%+v, warnings %q", s, f.Warnings)
	}
	if int(s.Known.Value*600+0.5)+s.DoNotKnow+s.Neither != 600 {
		t.Errorf("%+v do not add up", s)
	}
	elsewhere := make(4)
	for i := range elsewhere.Examples {
		for j := range elsewhere.Examples[i].Embedding.Values {
			elsewhere.Examples[i].Embedding.Values[j] += 3
		}
	}
	if f := evaluate(t, m, elsewhere); !strings.Contains(strings.Join(f.Warnings, ";"), "90 % were promised") {
		t.Errorf("%+v, warnings %q", f.Sets, f.Warnings)
	}
	if f := evaluate(t, fit(t, head.Linear{}, make(1)), make(3)); f.Sets != nil {
		t.Errorf("a model without bounds has sets %+v", f.Sets)
	}
}
