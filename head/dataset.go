package head

import "github.com/cxrkit/cxrkit/cxr"

// A Label says whether a finding is present. The zero Label is Missing, which
// takes part in no loss and no figure.
type Label int8

// Labels of one finding in one film.
const (
	Missing Label = iota
	Negative
	Positive
)

// An Example is one film's embedding with its labels.
type Example struct {
	Embedding *cxr.Embedding
	Labels    []Label // one for each finding of the Dataset, in order
	Split     string  // "train", "test", ... as the labels say; empty if they do not
	Patient   string  // films with the same non-empty Patient never part; empty: a patient of its own
}

// A Dataset is a list of examples with the names of their findings.
type Dataset struct {
	Findings []string
	Examples []Example
	Weights  []float64 // one for each example; nil: all 1; 0 is as good as absent
}
