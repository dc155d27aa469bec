package board

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// LabelsFile is the labels' in the board's folder.
const LabelsFile = "labels.csv"

// A saver keeps labels, one file at a time.
type saver struct {
	mu   sync.Mutex // of the file
	file []byte     // as it was read or written last; nil: there was none

	told     sync.Mutex // of what follows
	revision uint64     // of labels that are in the file
	err      error      // why a later one is not
}

// A Saved tells how labels are kept.
type Saved struct {
	Revision uint64 `json:"revision"`        // of labels that are kept
	Labels   uint64 `json:"labels"`          // of labels that there are
	Error    string `json:"error,omitempty"` // why they are not kept
}

// ErrForeign is of a file of labels that another program has changed: it is not
// overwritten unless somebody says so.
var ErrForeign = errors.New(LabelsFile + " was changed by another program since it was read here")

// read reads the board's own labels; that there are none is no error.
func (b *Board) read() error {
	file, err := fs.ReadFile(b.o.Folder, LabelsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	t, err := readOwn(file)
	if err != nil {
		return fmt.Errorf("%s: %w", LabelsFile, err)
	}
	b.saver.file = file
	return b.take(t, true)
}

// Save keeps all labels there are, unless they are kept. Labels that come while a
// file is written wait for the next, which is theirs in common.
func (b *Board) Save(ctx context.Context, overwrite bool) Saved {
	_, want := b.Findings()
	s := &b.saver
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told.Lock(); s.revision >= want {
		s.told.Unlock()
		return b.Saved()
	}
	s.told.Unlock()
	b.mu.RLock()
	file, revision := b.table(), b.labels.revision
	b.mu.RUnlock()
	err := s.write(ctx, b.o.Folder, file, overwrite)
	s.told.Lock()
	if s.err = err; err == nil {
		s.revision = revision
	}
	s.told.Unlock()
	return b.Saved()
}

func (s *saver) write(ctx context.Context, folder interface {
	fs.FS
	WriteFile(ctx context.Context, name string, data []byte) error
}, file []byte, overwrite bool) error {
	now, err := fs.ReadFile(folder, LabelsFile)
	if err == nil && !bytes.Equal(now, s.file) && !overwrite {
		return ErrForeign
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !overwrite {
		return unwritten(err)
	}
	if err := folder.WriteFile(ctx, LabelsFile, file); err != nil {
		return unwritten(err)
	}
	s.file = file
	return nil
}

// Saved tells how labels are kept.
func (b *Board) Saved() Saved {
	_, labels := b.Findings()
	b.saver.told.Lock()
	defer b.saver.told.Unlock()
	s := Saved{Revision: b.saver.revision, Labels: labels}
	if b.saver.err != nil && s.Revision < labels {
		s.Error = b.saver.err.Error()
	}
	return s
}

// unwritten is an error of writing the file of labels.
func unwritten(err error) error {
	return fmt.Errorf("%s cannot be written: %w", LabelsFile, pathless(err))
}

// pathless is an error of a file system without its path: temporary ones say
// nothing.
func pathless(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
