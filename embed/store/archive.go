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
	z      *zip.Writer
	ids    map[string]bool
	broken error // of an Add that failed: what is written is no archive
}

// NewArchive begins an archive. It ends with Close; what is written before that
// is no archive.
func NewArchive(w io.Writer) *Archive {
	return &Archive{z: zip.NewWriter(w), ids: map[string]bool{}}
}

// Add writes the embedding of another film.
func (a *Archive) Add(v *cxr.Embedding) error {
	if err := v.Validate(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if v.ID == "" || a.ids[v.ID] {
		return fmt.Errorf("store: %w: every film of an archive needs an id of its own", cxr.ErrMismatch)
	}
	if a.broken != nil {
		return fmt.Errorf("store: %w", a.broken)
	}
	a.ids[v.ID] = true
	if a.broken = npy.Write(a.z, array(v.ID, v)); a.broken != nil {
		return fmt.Errorf("store: %w", a.broken)
	}
	return nil
}

// Close ends the archive; it does not close the writer below. After an Add that
// failed to write it fails too, as what is written is no archive.
func (a *Archive) Close() error {
	if a.broken != nil {
		return fmt.Errorf("store: %w", a.broken)
	}
	if err := a.z.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
