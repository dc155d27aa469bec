package cxr

import (
	"errors"
	"fmt"
)

// Conditions that programs branch on, found with [errors.Is]. Messages around
// them say what and where; none holds patient data or file content.
var (
	ErrNotFrontal  = errors.New("not a frontal view")
	ErrBurnedIn    = errors.New("annotation burned into the pixels")
	ErrColor       = errors.New("not a gray image")
	ErrMultiFrame  = errors.New("more than one frame")
	ErrModality    = errors.New("modality not wanted")
	ErrBodyPart    = errors.New("body part not wanted")
	ErrUnsupported = errors.New("not supported")
	ErrTooLarge    = errors.New("over the limit")
	ErrDuplicate   = errors.New("another film has the same ID")
	ErrTruncated   = errors.New("truncated")
	ErrCorrupt     = errors.New("corrupt")
	ErrImage       = errors.New("invalid image")
	ErrEmbedding   = errors.New("invalid embedding")
	ErrMismatch    = errors.New("does not match") // embeddings or pixels made for something else
)

// An ItemError says which film failed, doing what. It never ends a run.
type ItemError struct {
	ID   string // of the film
	Path string // of its file, for the eyes of its owner: Error leaves it out; "" if there is none
	Op   string // "list", "read", "decode", "name", "embed", "store"
	Err  error
}

// Error is "op id: cause".
func (e *ItemError) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.ID, e.Err) }

// Unwrap is the cause.
func (e *ItemError) Unwrap() error { return e.Err }
