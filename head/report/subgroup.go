package report

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/head"
)

// A Subgroup is how a head does on the films that share a value of an
// attribute.
type Subgroup struct {
	Attribute, Value string // Value is empty for films that do not tell
	Finding          string
	Films, Positives int
	AUC              Interval // not a number if there are not films of both classes
	Warnings         []string
}

// Subgroups evaluates a head apart for each value of an attribute of the films,
// such as "view", "sex" or "site". Differences between groups are expected by
// chance: look at the intervals.
func Subgroups(h head.Head, test *head.Dataset, attribute string) ([]Subgroup, error) {
	if _, err := test.Check(); err != nil {
		return nil, err
	}
	var values []string
	for _, e := range test.Examples {
		if v := e.Attributes[attribute]; !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	if len(values) == 1 && values[0] == "" {
		return nil, fmt.Errorf("report: no film has the attribute %q", attribute)
	}
	var groups []Subgroup
	for _, name := range test.Findings {
		one, err := test.Only(name)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			g, err := subgroup(h, one.Where(func(e *head.Example) bool { return e.Attributes[attribute] == v }))
			if err != nil {
				return nil, err
			}
			g.Attribute, g.Value, g.Finding = attribute, v, name
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// subgroup evaluates films with one finding; without both classes there are
// only counts.
func subgroup(h head.Head, d *head.Dataset) (Subgroup, error) {
	positives, negatives, err := d.Classes(0)
	if err != nil {
		n := head.NewTraining("", d, nil).Counts[0]
		return Subgroup{Films: n.Positive + n.Negative, Positives: n.Positive, AUC: unknown, Warnings: []string{"not films of both classes"}}, nil
	}
	r, err := Evaluate(h, d, nil)
	if err != nil {
		return Subgroup{}, err
	}
	return Subgroup{Films: len(positives) + len(negatives), Positives: len(positives), AUC: r.Findings[0].AUC, Warnings: r.Findings[0].Warnings}, nil
}

// String is one line.
func (g Subgroup) String() string {
	s := fmt.Sprintf("%s, %s %q: AUC %v, %d of %d films positive", g.Finding, g.Attribute, g.Value, g.AUC, g.Positives, g.Films)
	for _, w := range g.Warnings {
		s += "; " + w
	}
	return s
}
