package head_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
)

// byPatients makes films of patients with three films each, with ids of their
// own.
func byPatients(seed uint64, films int, name string) *head.Dataset {
	d := headtest.Gaussian{Seed: seed, Films: films, Patients: films / 3, Dim: 6, Strength: 1.2, Findings: []string{"x", "y"}}.Make()
	for i := range d.Examples {
		d.Examples[i].Patient = name + d.Examples[i].Patient
	}
	return d
}

// Of new films of each class at least the share promised is in sets that hold the
// truth; sets survive saving, calibration and a copy of the model.
func TestSets(t *testing.T) {
	m, err := head.Linear{}.Fit(t.Context(), byPatients(1, 300, "train"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sets(byPatients(1, 3, "a").Examples[0].Embedding); err == nil || !strings.Contains(err.Error(), "Conform it") {
		t.Errorf("error %v", err)
	}
	const level = 0.9
	var right, all [2]float64 // by class
	definite := 0
	for seed := range uint64(20) {
		tune, test := byPatients(10+seed, 300, "tune"), byPatients(100+seed, 300, "test")
		c, err := m.Conform(tune, level)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = c.Calibrate(tune, head.Platt); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if _, err := c.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		loaded, err := head.ReadModel(&file)
		if err != nil || !reflect.DeepEqual(loaded.Spec(), c.Spec()) {
			t.Fatalf("another model after saving, error %v", err)
		}
		for _, e := range test.Examples {
			sets, err := loaded.Sets(e.Embedding)
			if err != nil {
				t.Fatal(err)
			}
			for f, s := range sets {
				class, truth := 0, head.Absent
				if e.Labels[f] == head.Positive {
					class, truth = 1, head.Present
				}
				all[class]++
				if s == truth || s == head.DoNotKnow {
					right[class]++
				}
				if s != head.DoNotKnow {
					definite++
				}
			}
		}
	}
	for class := range all {
		if share := right[class] / all[class]; share < level-0.015 || share > level+0.04 {
			t.Errorf("class %d: %.3f of sets hold the truth, want %v", class, share, level)
		}
	}
	if share := float64(definite) / (all[0] + all[1]); share < 0.2 {
		t.Errorf("only %.2f of sets say anything", share)
	}
}

// Where patients are too few to exclude anything, the model does not know.
func TestFewPatientsExcludeNothing(t *testing.T) {
	m, err := head.Linear{}.Fit(t.Context(), byPatients(1, 300, "train"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Conform(byPatients(2, 24, "tune"), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range byPatients(3, 60, "test").Examples {
		sets, err := c.Sets(e.Embedding)
		if err != nil || sets[0] != head.DoNotKnow || sets[1] != head.DoNotKnow {
			t.Fatalf("sets %v by eight patients, error %v", sets, err)
		}
	}
	for _, level := range []float64{0, 1, -1, math.NaN()} {
		if _, err := m.Conform(byPatients(2, 24, "tune"), level); err == nil {
			t.Errorf("level %v was taken", level)
		}
	}
	spec := m.Spec()
	spec.Conformal = []head.Conformal{{Level: 0.9}}
	if _, err := head.NewModel(spec); err == nil {
		t.Error("bounds of one finding of two were taken")
	}
	nan := math.NaN()
	spec.Conformal = []head.Conformal{{Level: 0.9}, {Level: 0.9, AbsentTo: &nan}}
	if _, err := head.NewModel(spec); err == nil {
		t.Error("a bound that is no number was taken")
	}
	if got := fmt.Sprint(head.DoNotKnow, head.Present, head.Absent, head.Neither, head.Set(9)); got != "do not know present absent neither set 9" {
		t.Error(got)
	}
}
