// Package report measures honestly how good a head is.
//
// [Evaluate] judges a head on films that it has not seen, as a [Report] that
// renders itself: a table, figures, a page. [Compare] tests two heads on the same
// films, [Subgroups] looks at parts of them, [FindingReport.Bootstrap] gives
// intervals to figures that have no formula for one, [Choose] picks operating
// points, and [LearningCurve] tells how many labeled films it takes:
//
//	model, err := head.Linear{}.Fit(ctx, train, nil)
//	r, err := report.Evaluate(model, test, nil)
//	fmt.Print(r)
//
// Everything that draws lots takes a seed. No report and no error names a film or
// a patient.
package report
