package embed

import (
	"errors"

	"github.com/cxrkit/cxrkit/cxr"
)

// An Event is the outcome of one film, the whole of it.
type Event struct {
	Index     int            // of the film in the source, from 0
	ID        string         // of the film, as far as it is known
	Image     *cxr.Image     // nil if the film could not be read
	Embedding *cxr.Embedding // nil if Err is not
	Err       error          // nil, or an error that [errors.As] finds to be a *cxr.ItemError
	Found     bool           // the embedding was in the store: the film was not embedded again
}

// Name is the event by the name of its counter in CXR Foundation's pipeline.
func (e Event) Name() string {
	var item *cxr.ItemError
	switch {
	case e.Found:
		return "output-file-exists"
	case e.Err == nil:
		return "successful-inference"
	case errors.Is(e.Err, cxr.ErrNotFrontal):
		return "non-frontal"
	case errors.As(e.Err, &item) && item.Op == "embed":
		return "failed-inference"
	case errors.As(e.Err, &item) && item.Op == "store":
		return "failed-output"
	}
	return "failed-example-creation"
}
