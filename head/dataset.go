package head

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Label says whether a finding is present. The zero Label is Missing, which
// takes part in no loss and no figure.
type Label int8

// Labels of one finding in one film.
const (
	Missing Label = iota
	Negative
	Positive
)

// An Example is one film's embedding with its labels.
type Example struct {
	Embedding  *cxr.Embedding
	Labels     []Label           // one for each finding of the Dataset, in order
	Split      string            // "train", "test", ... as the labels say; empty if they do not
	Patient    string            // films with the same non-empty Patient never part; empty: a patient of its own
	Attributes map[string]string // what subgroups are made by: "view", "sex", "site"
}

// A Dataset is a list of examples with the names of their findings.
type Dataset struct {
	Findings []string
	Examples []Example
	Weights  []float64 // one for each example; nil: all 1; 0 is as good as absent
}

// Only is the dataset with some of its findings, in the order given. Films stay
// even if all their labels are missing.
func (d *Dataset) Only(findings ...string) (*Dataset, error) {
	columns := make([]int, len(findings))
	for k, name := range findings {
		if columns[k] = slices.Index(d.Findings, name); columns[k] < 0 {
			return nil, fmt.Errorf("head: no finding %q among %q", name, d.Findings)
		}
	}
	some := &Dataset{Findings: slices.Clone(findings), Examples: slices.Clone(d.Examples), Weights: slices.Clone(d.Weights)}
	for i := range some.Examples {
		labels := make([]Label, len(columns))
		for k, f := range columns {
			labels[k] = some.Examples[i].Labels[f]
		}
		some.Examples[i].Labels = labels
	}
	return some, nil
}

// Where is the dataset of the films for which keep is true. They are shared
// with d, not copied.
func (d *Dataset) Where(keep func(e *Example) bool) *Dataset {
	var at []int
	for i := range d.Examples {
		if keep(&d.Examples[i]) {
			at = append(at, i)
		}
	}
	return d.Subset(at)
}

// Subset is the dataset of the films at the given places, which may repeat. They
// are shared with d, not copied.
func (d *Dataset) Subset(at []int) *Dataset {
	s := &Dataset{Findings: d.Findings, Examples: make([]Example, len(at))}
	if d.Weights != nil {
		s.Weights = make([]float64, len(at))
	}
	for k, i := range at {
		s.Examples[k] = d.Examples[i]
		if d.Weights != nil {
			s.Weights[k] = d.Weights[i]
		}
	}
	return s
}

// Check reports the first reason why nothing can be learned from d, or measured
// on it, and else the space of its embeddings. Trainers call it first.
func (d *Dataset) Check() (cxr.Space, error) {
	var space cxr.Space
	switch {
	case d == nil || len(d.Examples) == 0:
		return space, fmt.Errorf("head: no films")
	case len(d.Findings) == 0:
		return space, fmt.Errorf("head: no findings")
	case d.Weights != nil && len(d.Weights) != len(d.Examples):
		return space, fmt.Errorf("head: %d weights for %d films", len(d.Weights), len(d.Examples))
	}
	for f, name := range d.Findings {
		if slices.Index(d.Findings, name) < f {
			return space, fmt.Errorf("head: finding %q twice", name)
		}
	}
	for i, w := range d.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return space, fmt.Errorf("head: film %d: weight %v, want a number of at least 0", i, w)
		}
	}
	for i, e := range d.Examples {
		if len(e.Labels) != len(d.Findings) {
			return space, fmt.Errorf("head: film %d has %d labels for %d findings", i, len(e.Labels), len(d.Findings))
		}
		if i == 0 && e.Embedding != nil {
			space = e.Embedding.Space
		}
		if err := e.Embedding.Check(space); err != nil {
			return space, fmt.Errorf("head: film %d: %w", i, err)
		}
	}
	return space, nil
}

// Features are the rows that trainers learn from: of each film the mean over its
// tokens, Dim values. Rows of films with one token are the embeddings' own and
// may not be changed.
func (d *Dataset) Features() [][]float32 {
	rows := make([][]float32, len(d.Examples))
	for i, e := range d.Examples {
		rows[i] = features(e.Embedding)
	}
	return rows
}

// Weight is the weight of film i: 1 where the dataset has none.
func (d *Dataset) Weight(i int) float64 {
	if d.Weights == nil {
		return 1
	}
	return d.Weights[i]
}

// Classes are the places of the films of weight above 0 that are known to have
// finding f, and of those known not to. A class without a film is an error.
func (d *Dataset) Classes(f int) (positives, negatives []int, err error) {
	for i, e := range d.Examples {
		if d.Weight(i) == 0 {
			continue
		}
		switch e.Labels[f] {
		case Positive:
			positives = append(positives, i)
		case Negative:
			negatives = append(negatives, i)
		}
	}
	if len(positives) == 0 || len(negatives) == 0 {
		return nil, nil, fmt.Errorf("head: finding %q: %d films with it and %d without, want some of each",
			d.Findings[f], len(positives), len(negatives))
	}
	return positives, negatives, nil
}

// Patients are the places of each patient's films, in order of appearance. A film
// without a patient is a patient of its own.
func (d *Dataset) Patients() [][]int {
	var groups [][]int
	at := map[string]int{}
	for i, e := range d.Examples {
		g, known := at[e.Patient]
		if !known || e.Patient == "" {
			g = len(groups)
			at[e.Patient] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// patientOf is, for each example, which of Patients it belongs to.
func (d *Dataset) patientOf() []int {
	patient := make([]int, len(d.Examples))
	for p, films := range d.Patients() {
		for _, i := range films {
			patient[i] = p
		}
	}
	return patient
}
