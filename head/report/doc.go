// Package report measures honestly how good a head is.
//
// Below some hundred films [CrossValidate] is the way to judge a trainer: of 911
// films single splits gave areas of 0.54 to 0.78 for one finding. [Evaluate]
// judges a head on films that it has not seen. Both give a [Report] that renders
// itself: a table, figures, a page, JSON. [Compare] tests two heads on the same
// films, [Subgroups] looks at parts of them, [LeaveOut] at sites that no film was
// trained on, [FindingReport.Bootstrap] gives intervals to figures that have no
// formula for one, [Choose] picks operating points, [CompareEncoders] tells which
// encoder serves one's labels best, and [LearningCurve] how many labeled films it
// takes:
//
//	model, err := head.Linear{}.Fit(ctx, train, nil)
//	r, err := report.Evaluate(model, test, nil)
//	fmt.Print(r)
//
// All intervals are of 95 % and by patient: films of one patient are alike, and
// intervals that take them for independent hold the truth in 59 of 100 samples at
// ten films a patient. Those here were simulated to hold it in 93 to 97
// (docs/BENCHMARKS.md).
//
// Everything that draws lots takes a seed. No report and no error names a film or
// a patient.
package report
