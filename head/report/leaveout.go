package report

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// LeaveOut tests a trainer on each value of an attribute, such as each "site", by
// a head that was trained on the films of all others: how it may do where it has
// never been. Films of patients who have films of the value are not trained on
// either, and films that do not tell their value are trained on but not tested.
// A value without films of both classes, or without which nothing can be trained,
// has an unknown AUC and says why.
func LeaveOut(ctx context.Context, t head.Trainer, d *head.Dataset, attribute string) ([]Subgroup, error) {
	if _, err := d.Check(); err != nil {
		return nil, err
	}
	var values []string
	for _, e := range d.Examples {
		if v := e.Attributes[attribute]; v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	if len(values) < 2 {
		return nil, fmt.Errorf("report: films have %d values of the attribute %q, want at least 2", len(values), attribute)
	}
	var groups []Subgroup
	for _, name := range d.Findings {
		one, err := d.Only(name)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			g, err := leaveOut(ctx, t, one, attribute, v)
			if err != nil {
				return nil, err
			}
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// leaveOut tests on one value, of one finding.
func leaveOut(ctx context.Context, t head.Trainer, d *head.Dataset, attribute, value string) (Subgroup, error) {
	here := map[string]bool{}
	for _, e := range d.Examples {
		here[e.Patient] = here[e.Patient] || e.Patient != "" && e.Attributes[attribute] == value
	}
	train := d.Where(func(e *head.Example) bool { return e.Attributes[attribute] != value && !here[e.Patient] })
	test := d.Where(func(e *head.Example) bool { return e.Attributes[attribute] == value })
	counts := head.NewTraining("", test, nil).Counts[0]
	g := Subgroup{
		Attribute: attribute, Value: value, Finding: d.Findings[0], AUC: unknown, Same: math.NaN(),
		Films: counts.Positive + counts.Negative, Positives: counts.Positive,
	}
	if _, _, err := test.Classes(0); err != nil {
		g.Warnings = []string{"not films of both classes"}
		return g, nil
	}
	m, err := t.Fit(ctx, train, nil)
	if ctx.Err() != nil {
		return g, ctx.Err()
	}
	if err != nil {
		g.Warnings = []string{"nothing to train on: " + err.Error()}
		return g, nil
	}
	scored, err := score(m, test)
	if err != nil {
		return g, err
	}
	f := scored[0].reportWith(stats.NewAUC(stats.Classes(scored[0].films)))
	g.AUC, g.Warnings, g.PositivePatients = f.AUC, f.Warnings, f.PositivePatients
	return g, nil
}
