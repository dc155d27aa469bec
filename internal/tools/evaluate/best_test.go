package main

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

func TestChosenIsThePartThatTells(t *testing.T) {
	var out strings.Builder
	from := []candidate{{"clouds", part{"clouds", 4, 8}}, {"the far one", part{"the far one", 0, 4}}}
	if err := bestOf(t.Context(), &out, from, "clouds", clusters(1, 100, 6), "far"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"far, the best | 1.000", "far, clouds chosen | 0 of 50\n", "far, the far one chosen | 50 of 50\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// The best of many that tell nothing looks good only to who chose it by the films that are scored.
func TestChosenHasNotSeenWhatIsScored(t *testing.T) {
	d := clusters(3, 200, 0)
	c := &chosen{times: make([]atomic.Int64, 8)}
	var after float64 // the best part, chosen by its own figure
	for i := range 8 {
		p := part{"feature", i, i + 1}
		c.from = append(c.from, candidate{"feature", p})
		after = max(after, outside(t, p, d))
	}
	if before := outside(t, c, d); before > after-0.03 || math.Abs(before-0.5) > 0.15 {
		t.Errorf("AUC %v of features that mean nothing; %v of the one chosen afterwards", before, after)
	}
}

// Two that each tell half tell more together.
func TestTogether(t *testing.T) {
	d := clusters(4, 300, 1.5)
	for i, e := range d.Examples {
		e.Embedding.Values[1] += float32(1.5 * float64(i%2))
	}
	parts := []part{{"first", 0, 1}, {"second", 1, 2}}
	all := candidates(parts)
	one, both := outside(t, parts[0], d), outside(t, all[2], d)
	if len(all) != 3 || both < one+0.03 {
		t.Errorf("AUC %v, together %v", one, both)
	}
}

// outside is the AUC in one cross-validation.
func outside(t *testing.T, by trainer, d *head.Dataset) float64 {
	t.Helper()
	s, err := outOfFold(t.Context(), by, d, folds, 2)
	if err != nil {
		t.Fatal(err)
	}
	f, err := judge(s, d)
	if err != nil {
		t.Fatal(err)
	}
	return f.auc
}

func TestJoinedAndMeasured(t *testing.T) {
	finder, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	film := drawn.Film(128, 128, func(x, y int) int { return x ^ y })
	j := joined{pixels.Embedder{}, measured{finder}}
	all, err := j.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	if err := all[0].Check(j.Space().For(film)); err != nil {
		t.Fatal(err)
	}
	one, err := measured{finder}.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	l, err := finder.Find(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(all[0].Values[1024:], one[0].Values) || one[0].Values[0] != float32(l.Heart.Median) {
		t.Errorf("measured %v, at the end %v", one[0].Values, all[0].Values[1024:])
	}
	p := part{"measurements", 1024, 1033}
	if got := p.of(all[0]); got.Dim != 9 || !slices.Equal(got.Values, one[0].Values) {
		t.Errorf("part %v", got)
	}
}
