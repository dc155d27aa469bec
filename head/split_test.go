package head_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

func share(d *head.Dataset, finding int) float64 {
	n := 0
	for _, e := range d.Examples {
		if e.Labels[finding] == head.Positive {
			n++
		}
	}
	return float64(n) / float64(len(d.Examples))
}

func patients(d *head.Dataset) map[string]bool {
	set := map[string]bool{}
	for _, e := range d.Examples {
		set[e.Patient] = true
	}
	return set
}

func TestSplitKeepsPatientsTogetherAndLabelsInProportion(t *testing.T) {
	for seed := range uint64(20) {
		d := cohort.New(seed, 120, 2, 0)
		train, test, err := head.Split(d, 0.3, seed)
		if err != nil {
			t.Fatal(err)
		}
		if len(train.Examples)+len(test.Examples) != len(d.Examples) {
			t.Fatalf("%d + %d films of %d", len(train.Examples), len(test.Examples), len(d.Examples))
		}
		in := patients(train)
		for p := range patients(test) {
			if in[p] {
				t.Errorf("%s is on both sides", p)
			}
		}
		if got := float64(len(test.Examples)) / float64(len(d.Examples)); math.Abs(got-0.3) > 0.02 {
			t.Errorf("seed %d: %.3f of the films in test, want 0.3", seed, got)
		}
		for f := range d.Findings {
			if a, b := share(test, f), share(d, f); math.Abs(a-b) > 0.03 {
				t.Errorf("seed %d: finding %d in %.3f of test films, in %.3f of all", seed, f, a, b)
			}
		}
	}
}

// The same on every machine: the numbers are written down.
func TestSplitIsTheSameForASeed(t *testing.T) {
	d := cohort.New(1, 12, 2, 0)
	pick := func(seed uint64) string {
		_, test, err := head.Split(d, 0.25, seed)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range test.Examples {
			ids = append(ids, e.Embedding.ID)
		}
		return fmt.Sprint(ids)
	}
	if got, want := pick(1), "[0-0 1-0 2-0 2-1 2-2 11-0 11-1 11-2]"; got != want {
		t.Errorf("seed 1 tests on %s, want %s", got, want)
	}
	if pick(1) == pick(2) {
		t.Error("seeds 1 and 2 split alike")
	}
}

func TestSplitRefuses(t *testing.T) {
	d := cohort.New(1, 5, 2, 0)
	for _, fraction := range []float64{0, 1, -1, math.NaN()} {
		if _, _, err := head.Split(d, fraction, 1); err == nil {
			t.Errorf("fraction %v was taken", fraction)
		}
	}
	for i := range d.Examples {
		d.Examples[i].Patient = "one"
	}
	if _, _, err := head.Split(d, 0.5, 1); fmt.Sprint(err) != "head: too few patients for 2 parts: 1" {
		t.Errorf("one patient: %v", err)
	}
}

func TestKFoldTestsEachFilmOnce(t *testing.T) {
	d := cohort.New(4, 60, 2, 0)
	d.Weights = make([]float64, len(d.Examples))
	for i := range d.Weights {
		d.Weights[i] = float64(i)
	}
	folds, err := head.KFold(d, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, f := range folds {
		if len(f.Train.Examples)+len(f.Test.Examples) != len(d.Examples) || len(f.Train.Weights) != len(f.Train.Examples) {
			t.Errorf("fold of %d + %d films, %d weights", len(f.Train.Examples), len(f.Test.Examples), len(f.Train.Weights))
		}
		in := patients(f.Train)
		for _, e := range f.Test.Examples {
			seen[e.Embedding.ID]++
			if in[e.Patient] {
				t.Errorf("%s is on both sides", e.Patient)
			}
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("film %s is tested %d times", id, n)
		}
	}
	if len(seen) != len(d.Examples) {
		t.Errorf("%d films tested of %d", len(seen), len(d.Examples))
	}
	if _, err := head.KFold(d, 61, 1); err == nil {
		t.Error("61 folds of 60 patients")
	}
}
