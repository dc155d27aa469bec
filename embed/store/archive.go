package store

import (
	"archive/zip"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/npy"
)

// An Archive writes the embeddings of many films to one npz file, an array for
// each, named by its id: numpy.load(...)[id]. Its memory is an embedding, and
// the ids.
type Archive struct {
	z   *zip.Writer
	ids map[string]bool
}

// NewArchive begins an archive. It ends with Close; what is written before that
// is no archive.
func NewArchive(w io.Writer) *Archive {
	return &Archive{zip.NewWriter(w), map[string]bool{}}
}

// Add writes the embedding of another film.
func (a *Archive) Add(v *cxr.Embedding) error {
	if err := v.Validate(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if v.ID == "" || a.ids[v.ID] {
		return fmt.Errorf("store: %w: every film of an archive needs an id of its own", cxr.ErrMismatch)
	}
	a.ids[v.ID] = true
	if err := npy.Write(a.z, array(v.ID, v)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Close ends the archive; it does not close the writer below.
func (a *Archive) Close() error {
	if err := a.z.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
