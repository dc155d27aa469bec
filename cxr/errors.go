package cxr

import (
	"errors"
	"fmt"
)

// Conditions that programs branch on, found with [errors.Is]. Messages around
// them say what and where; none holds patient data or file content.
var (
	ErrNotFrontal  = errors.New("not a frontal view")
	ErrNotChest    = errors.New("not a chest film")
	ErrBurnedIn    = errors.New("annotation burned into the pixels")
	ErrColor       = errors.New("not a gray image")
	ErrMultiFrame  = errors.New("more than one frame")
	ErrModality    = errors.New("modality not wanted")
	ErrUnsupported = errors.New("not supported")
	ErrTooLarge    = errors.New("over the limit")
	ErrTruncated   = errors.New("truncated")
	ErrCorrupt     = errors.New("corrupt")
	ErrImage       = errors.New("invalid image")
	ErrEmbedding   = errors.New("invalid embedding")
	ErrMismatch    = errors.New("model or recipe does not match") // embeddings or pixels made for something else
)

// An ItemError says which film failed, doing what. It never ends a run.
type ItemError struct {
	ID  string // of the film
	Op  string // "read", "decode", "embed", "store"
	Err error
}

// Error is "op id: cause".
func (e *ItemError) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.ID, e.Err) }

// Unwrap is the cause.
func (e *ItemError) Unwrap() error { return e.Err }
