package head

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Set is what a film may be, as far as films of both classes tell.
type Set int

// Sets.
const (
	DoNotKnow Set = iota // with the finding or without: as good as films of both
	Present              // like films with the finding, and hardly one without
	Absent               // like films without the finding, and hardly one with
	Neither              // like neither: a film unlike those of either class
)

// String is "do not know", "present", "absent" or "neither".
func (s Set) String() string {
	names := []string{"do not know", "present", "absent", "neither"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("set %d", int(s))
	}
	return names[s]
}

// Conformal bounds are of the log odds of a finding before calibration. Of films
// with the finding, of new patients, a share of Level or more lies at PresentFrom
// and above; of films without, as many lie at AbsentTo and below.
type Conformal struct {
	Level       float64  `json:"level"`
	PresentFrom *float64 `json:"present_from,omitempty"` // nil: any film may have the finding
	AbsentTo    *float64 `json:"absent_to,omitempty"`    // nil: any film may be without

	PositivePatients int `json:"positive_patients"` // by whose films the bounds were found
	NegativePatients int `json:"negative_patients"`
}

// set of a film at log odds z.
func (c Conformal) set(z float64) Set {
	present, absent := c.PresentFrom == nil || z >= *c.PresentFrom, c.AbsentTo == nil || z <= *c.AbsentTo
	switch {
	case present && absent:
		return DoNotKnow
	case present:
		return Present
	case absent:
		return Absent
	}
	return Neither
}

func (c Conformal) check() error {
	if !(c.Level > 0 && c.Level < 1) {
		return fmt.Errorf("conformal level %v", c.Level)
	}
	for _, bound := range []*float64{c.PresentFrom, c.AbsentTo} {
		if bound != nil && !finite([]float64{*bound}) {
			return fmt.Errorf("conformal bound is not finite")
		}
	}
	return nil
}

// Conform is the model with bounds by which it says "do not know": class-conditional
// conformal sets (Vovk 2012) from films that it was not trained on. Of new
// patients' films that have a finding, and of those that have it not, a share of
// level (0..1) or more are in sets that hold the truth, if they are like the
// films of d: of another hospital they may not be. Each patient counts once. With
// less than level/(1-level) patients of a class nothing can be excluded. The bounds
// are saved with the model.
func (m *Model) Conform(d *Dataset, level float64) (*Model, error) {
	if !(level > 0 && level < 1) {
		return nil, fmt.Errorf("head: conformal level %v, want it between 0 and 1", level)
	}
	if _, err := d.Check(); err != nil {
		return nil, err
	}
	d, err := d.Only(m.spec.Findings...)
	if err != nil {
		return nil, err
	}
	patient := d.patientOf()
	logOdds := make([][]float64, len(d.Examples))
	for i, e := range d.Examples {
		if logOdds[i], err = m.logOdds(e.Embedding); err != nil {
			return nil, fmt.Errorf("film %d: %w", i, err)
		}
	}
	s := m.Spec()
	s.Conformal = nil
	for f := range s.Findings {
		positives, negatives, err := d.Classes(f)
		if err != nil {
			return nil, err
		}
		c := Conformal{Level: level}
		bound := func(at []int, sign float64, patients *int) *float64 {
			seen := map[int]bool{}
			var samples []stats.Sample
			for _, i := range at {
				seen[patient[i]] = true
				samples = append(samples, stats.Sample{Score: sign * logOdds[i][f], Patient: patient[i]})
			}
			*patients = len(seen)
			least := sign * stats.Conformal(samples, level)
			if math.IsInf(least, 0) {
				return nil
			}
			return &least
		}
		c.PresentFrom = bound(positives, 1, &c.PositivePatients)
		c.AbsentTo = bound(negatives, -1, &c.NegativePatients)
		s.Conformal = append(s.Conformal, c)
	}
	return NewModel(s)
}

// Sets is what the film of an embedding may be, for each finding. The model must
// have been through [Model.Conform].
func (m *Model) Sets(e *cxr.Embedding) ([]Set, error) {
	if m.spec.Conformal == nil {
		return nil, fmt.Errorf("head: the model has no conformal bounds: Conform it on films that it was not trained on")
	}
	z, err := m.logOdds(e)
	if err != nil {
		return nil, err
	}
	sets := make([]Set, len(z))
	for f, v := range z {
		sets[f] = m.spec.Conformal[f].set(v)
	}
	return sets, nil
}
