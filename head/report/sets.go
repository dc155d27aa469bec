package report

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A SetReport is how a model's conformal sets do on films with a finding and on
// films without. Shares have intervals by patient.
type SetReport struct {
	Level              float64  // promised to each class
	Positive           Interval // share of films with the finding whose set holds that
	Negative           Interval // share of films without whose set holds that
	Known              Interval // share of films of which the set says present or absent
	DoNotKnow, Neither int
}

// sets judges the sets of a model.
func (r *Report) sets(m *head.Model, test *head.Dataset) error {
	columns := m.Findings()
	spec := m.Spec()
	all := make([][]head.Set, len(test.Examples))
	for i, e := range test.Examples {
		var err error
		if all[i], err = m.Sets(e.Embedding); err != nil {
			return fmt.Errorf("report: film %d: %w", i, err)
		}
	}
	for k := range r.Findings {
		f := &r.Findings[k]
		column := slices.Index(columns, f.Finding)
		s := &SetReport{Level: spec.Conformal[column].Level}
		var of [2][]stats.Outcome
		var known []stats.Outcome
		for at, film := range f.sample.films {
			set := all[f.sample.places[at]][column]
			class, truth := 0, head.Absent
			if film.Positive {
				class, truth = 1, head.Present
			}
			of[class] = append(of[class], stats.Outcome{Patient: film.Patient, Success: set == truth || set == head.DoNotKnow})
			known = append(known, stats.Outcome{Patient: film.Patient, Success: set == head.Present || set == head.Absent})
			switch set {
			case head.DoNotKnow:
				s.DoNotKnow++
			case head.Neither:
				s.Neither++
			}
		}
		s.Negative, s.Positive, s.Known = interval(stats.NewShare(of[0])), interval(stats.NewShare(of[1])), interval(stats.NewShare(known))
		f.Sets = s
		f.warnOfSets("with", s.Positive, s.Level)
		f.warnOfSets("without", s.Negative, s.Level)
	}
	return nil
}

func (f *FindingReport) warnOfSets(class string, share Interval, level float64) {
	if share.High < level {
		f.add("of films %s it %s are in sets that hold the truth, %.0f %% were promised: these films are unlike those that the sets come from", class, percent(share), 100*level)
	}
}
