package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// A Folder holds the files of a store: one of this machine ([Local]), or of an
// object store (package cxr/bucket). It is safe for concurrent use.
type Folder interface {
	fs.FS

	// WriteFile makes a file of data, in place of one of that name. It appears
	// whole or not at all, whatever happens.
	WriteFile(ctx context.Context, name string, data []byte) error
}

// Local is a folder of this machine. A process that is killed may leave a file
// there whose name begins with .cxrkit-, which nothing reads.
func Local(dir string) Folder { return local{os.DirFS(dir), dir} }

type local struct {
	fs.FS
	dir string
}

// WriteFile writes under another name, syncs and renames.
func (l local) WriteFile(_ context.Context, name string, data []byte) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: "write", Path: name, Err: fs.ErrInvalid}
	}
	return atomicfile.Write(l.dir, func(f *os.File) (string, error) {
		_, err := f.Write(data)
		return filepath.FromSlash(name), err
	})
}
