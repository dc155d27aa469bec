package cxr

import (
	"errors"
	"fmt"

	"github.com/cxrkit/cxrkit/internal/printable"
)

// Conditions that programs branch on, found with [errors.Is]. Messages around
// them say what and where; none holds patient data or file content.
var (
	ErrNotFrontal  = errors.New("not a frontal view")                // lateral, oblique, ...
	ErrNotChest    = errors.New("not a chest film")                  // by what is seen in it
	ErrBurnedIn    = errors.New("annotation burned into the pixels") // which may name a patient
	ErrColor       = errors.New("not a gray image")                  // so most often no radiograph
	ErrMultiFrame  = errors.New("more than one frame")               // of which none was chosen
	ErrModality    = errors.New("modality not wanted")               // by dicomconv.Options
	ErrBodyPart    = errors.New("body part not wanted")              // likewise
	ErrUnsupported = errors.New("not supported")                     // sound, as far as is known, but not made for here
	ErrTooLarge    = errors.New("over the limit")                    // of bytes, pixels, elements, ...
	ErrDuplicate   = errors.New("another film has the same ID")      // and one would be taken for the other
	ErrTruncated   = errors.New("truncated")                         // ends too early
	ErrCorrupt     = errors.New("corrupt")                           // contradicts itself or its format
	ErrImage       = errors.New("invalid image")                     // an Image whose fields do not fit together
	ErrEmbedding   = errors.New("invalid embedding")                 // likewise, or not of the film
	ErrMismatch    = errors.New("does not match")                    // made for another model, recipe or shape
)

// An ItemError says which film failed, doing what. It never ends a run.
type ItemError struct {
	ID   string // of the film
	Path string // of its file, for the eyes of its owner: Error leaves it out; "" if there is none
	Op   string // "list", "read", "decode", "name", "embed", "store"
	Err  error
}

// Error is "op id: cause". An id that is not printable is quoted.
func (e *ItemError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Op, printable.Name(e.ID), e.Err)
}

// Unwrap is the cause.
func (e *ItemError) Unwrap() error { return e.Err }
