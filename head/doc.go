// Package head trains small classifiers on embeddings.
//
// A [Dataset] is embeddings with their labels; [ReadLabels] and [Labels.Join]
// make one of a CSV table, [Split] and [KFold] part it by patient. A [Trainer],
// such as [Linear], makes a [Model] of it, which predicts and can be saved:
//
//	labels, err := head.ReadLabels(file, nil)
//	data, left, err := labels.Join(embeddings)
//	train, test, err := head.Split(data, 0.3, 1)
//	model, err := head.Linear{}.Fit(ctx, train, nil)
//	_, err = model.WriteTo(out)
//
// [Linear] takes the mean over the tokens of an embedding, [Attention] learns for
// each finding how much which token counts.
//
// Package head/report tells honestly how good a head is on other films, head/mlp
// trains the network that CXR Foundation's authors published, and head/search
// finds films without labels. They are apart so that a program that only loads a
// model and predicts stays small.
//
// Everything that draws lots takes a seed and gives the same result for it on
// every machine. Weights and probabilities may differ in their last bits between
// processors with and without fused multiply-add. No error names a patient.
package head
