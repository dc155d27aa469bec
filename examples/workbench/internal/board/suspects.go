package board

import (
	"cmp"
	"slices"
)

// A Suspect is a film whose label looks wrong.
type Suspect struct {
	Film        int     `json:"film"`
	Value       Value   `json:"value"`       // its label
	Probability float64 `json:"probability"` // of the finding, by heads that had not seen the film's patient
}

// Mislabeled are films of a finding that look mislabeled, the most so first: those
// that heads which have not seen them take for the other class with at least the
// confidence that they have in films of that class on average (confident learning:
// Northcutt, Jiang and Chuang 2021). With few labels nobody is suspected.
func (b *Board) Mislabeled(finding string) ([]Suspect, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	f := slices.Index(b.labels.findings, finding)
	if f < 0 {
		return nil, ErrFinding
	}
	l := b.learned[finding]
	const few = 10 // films of a class, below which its average says nothing
	suspects := []Suspect{}
	if l == nil || l.judgment == nil || l.judgment.report == nil {
		return suspects, nil
	}
	j := l.judgment
	var sum, films [2]float64 // of the probability of the own class, by class
	for k, present := range j.from.truth {
		films[class(present)]++
		sum[class(present)] += own(j.unseen[k], present)
	}
	if min(films[0], films[1]) < few {
		return suspects, nil
	}
	for k, present := range j.from.truth {
		i, value := j.from.films[k], Value(Absent)
		if present {
			value = Present
		}
		other := own(j.unseen[k], !present)
		if b.labels.values[f][i] != value || other <= 0.5 || other < sum[class(!present)]/films[class(!present)] {
			continue // labeled anew since, or not suspect
		}
		suspects = append(suspects, Suspect{i, value, j.unseen[k]})
	}
	slices.SortStableFunc(suspects, func(x, y Suspect) int {
		return cmp.Compare(own(x.Probability, x.Value == Present), own(y.Probability, y.Value == Present))
	})
	return suspects, nil
}

func class(present bool) int {
	if present {
		return 1
	}
	return 0
}

// own is the probability of a class.
func own(p float64, present bool) float64 {
	if present {
		return p
	}
	return 1 - p
}
