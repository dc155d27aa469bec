// Package head trains small classifiers on embeddings and measures honestly
// how good they are.
//
// A [Dataset] is embeddings with their labels; [ReadLabels] and [Labels.Join]
// make one of a CSV table, [Split] and [KFold] part it by patient. A [Trainer],
// such as [Linear], makes a [Head] of it. [Evaluate] tells how good the head is on
// other films, as a [Report] that renders itself, and [LearningCurve] how many
// films it takes:
//
//	labels, err := head.ReadLabels(file, nil)
//	data, left, err := labels.Join(embeddings)
//	train, test, err := head.Split(data, 0.3, 1)
//	h, err := (&head.Linear{}).Fit(ctx, train, nil)
//	report, err := head.Evaluate(h, test)
//
// Without labels, [ZeroShot] scores films by what a text says, and an [Index]
// finds the films that are most alike.
//
// Everything that draws lots takes a seed and gives the same result for it on
// every machine. Weights and probabilities may differ in their last bits between
// processors with and without fused multiply-add. No error and no report names a
// patient.
package head
