package board

import (
	"errors"
	"time"

	"github.com/cxrkit/cxrkit/head/report"
)

// A Learned is what is told of what was learned of a finding.
type Learned struct {
	Finding  string         `json:"finding"`
	Present  int            `json:"present"` // labels, with or without an embedding
	Absent   int            `json:"absent"`
	Unsure   int            `json:"unsure"`
	Films    int            `json:"films"`    // that were learned from
	Patients int            `json:"patients"` // of these
	Unknown  int            `json:"unknown"`  // of these, films that do not tell whose they are
	Problem  string         `json:"problem"`  // why nothing was learned
	Fit      float64        `json:"fit"`      // milliseconds
	Judged   float64        `json:"judged"`   // milliseconds
	Current  bool           `json:"current"`  // the report, or why there is none, is of all labels there are
	Unjudged string         `json:"unjudged"` // why there is no report
	Curve    []CurvePoint   `json:"curve"`
	Report   *report.Report `json:"-"` // nil: there is none
}

// Learned tells what was learned of a finding, and has it learned before others.
func (b *Board) Learned(finding string) (Learned, error) {
	b.mu.RLock()
	l, m := b.learned[finding], b.material(finding)
	curve := b.curves[finding]
	b.mu.RUnlock()
	if m == nil {
		return Learned{}, ErrFinding
	}
	b.mu.Lock()
	b.asked[finding] = time.Now()
	b.mu.Unlock()
	told := Learned{Finding: finding, Present: m.present, Absent: m.absent, Unsure: m.unsure, Films: len(m.films), Patients: m.patients, Unknown: m.unknown, Curve: append([]CurvePoint{}, curve...)}
	if l == nil {
		return told, nil
	}
	told.Problem, told.Fit, told.Current = l.problem, milliseconds(l.fit), l.from.print == m.print && !l.judging
	if j := l.judgment; j != nil {
		told.Judged, told.Unjudged, told.Report = milliseconds(j.took), j.problem, j.report
	}
	return told, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ErrNoReport is of figures that there are none of yet.
var ErrNoReport = errors.New("there are no figures yet: label some more films")

// A Point is an operating point with the films behind each of its counts, by number:
// those who look wrong first.
type Point struct {
	report.OperatingPoint
	TruePositive, FalsePositive, TrueNegative, FalseNegative []int
}

// Point is what happens if films are called positive from a probability on, or at
// what a rule chooses.
func (b *Board) Point(finding string, rule report.Rule, value float64) (*Point, error) {
	j, err := b.judged(finding)
	if err != nil {
		return nil, err
	}
	at, err := j.report.Findings[0].At(rule, value)
	if err != nil {
		return nil, err
	}
	p := &Point{OperatingPoint: at}
	for k, i := range j.from.films {
		cell := &p.TrueNegative
		switch positive := j.unseen[k] >= at.Threshold; {
		case positive && j.from.truth[k]:
			cell = &p.TruePositive
		case positive:
			cell = &p.FalsePositive
		case j.from.truth[k]:
			cell = &p.FalseNegative
		}
		*cell = append(*cell, i)
	}
	return p, nil
}

func (b *Board) judged(finding string) (*judgment, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if l := b.learned[finding]; l != nil && l.judgment != nil && l.judgment.report != nil {
		return l.judgment, nil
	}
	return nil, ErrNoReport
}
