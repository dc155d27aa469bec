package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
)

// A Folder holds the files of a store: one of this machine ([Local]), or of an
// object store (package cxr/bucket). It is safe for concurrent use.
type Folder interface {
	fs.FS

	// WriteFile makes a file of data, in place of one of that name. It appears
	// whole or not at all, whatever happens.
	WriteFile(ctx context.Context, name string, data []byte) error
}

// Local is a folder of this machine.
func Local(dir string) Folder { return local{os.DirFS(dir), dir} }

type local struct {
	fs.FS
	dir string
}

// temporary begins the names of files that are not whole yet.
const temporary = ".cxrkit-"

// WriteFile writes under another name, syncs and renames.
func (l local) WriteFile(_ context.Context, name string, data []byte) (err error) {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: "write", Path: name, Err: fs.ErrInvalid}
	}
	f, err := os.CreateTemp(l.dir, temporary+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(l.dir, name))
	}
	return err
}
