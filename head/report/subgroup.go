package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Subgroup is how a head does on the films that share a value of an
// attribute.
type Subgroup struct {
	Attribute, Value string // Value is empty for films that do not tell
	Finding          string
	Films, Positives int
	PositivePatients int
	AUC              Interval // not a number if there are not films of both classes
	Warnings         []string

	// Same is the p value for one AUC in all groups of this attribute and finding
	// (Wald's test, by patient), the same in each; NaN where a group has less than
	// ten patients of a class.
	Same float64
}

// Subgroups evaluates a head apart for each value of an attribute of the films,
// such as "view", "sex" or "site". Differences between groups are expected by
// chance: look at the intervals, and at Same.
func Subgroups(h head.Head, test *head.Dataset, attribute string) ([]Subgroup, error) {
	scored, err := score(h, test)
	if err != nil {
		return nil, err
	}
	return subgroups(scored, test, attribute)
}

func subgroups(scored []sample, test *head.Dataset, attribute string) ([]Subgroup, error) {
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
	for _, s := range scored {
		first := len(groups)
		var areas []stats.AUC
		for _, v := range values {
			part := sample{finding: s.finding}
			for k, f := range s.films {
				if test.Examples[s.places[k]].Attributes[attribute] == v {
					part.films = append(part.films, f)
				}
			}
			g := Subgroup{Attribute: attribute, Value: v, Finding: s.finding, Films: len(part.films), AUC: unknown}
			pos, neg := stats.Classes(part.films)
			if g.Positives = len(pos); len(pos) == 0 || len(neg) == 0 {
				g.Warnings = []string{"not films of both classes"}
			} else {
				f := part.report()
				g.AUC, g.Warnings, g.PositivePatients = f.AUC, f.Warnings, f.PositivePatients
				areas = append(areas, f.auc)
			}
			groups = append(groups, g)
		}
		same := math.NaN()
		if len(areas) == len(values) {
			same = stats.SameAUC(areas)
		}
		for k := first; k < len(groups); k++ {
			groups[k].Same = same
		}
	}
	return groups, nil
}

// String is one line.
func (g Subgroup) String() string {
	s := fmt.Sprintf("%s, %s %q: AUC %v, %d of %d films positive", g.Finding, g.Attribute, g.Value, g.AUC, g.Positives, g.Films)
	for _, w := range g.Warnings {
		s += "; " + w
	}
	return s
}
