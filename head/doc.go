// Package head trains small classifiers on embeddings and measures honestly
// how good they are.
package head
