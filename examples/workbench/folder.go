package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/cxrkit/cxrkit/embed/store"
)

// A diskFolder is a folder of this machine that makes the folders within it.
type diskFolder struct {
	store.Folder
	dir string
}

func folder(dir string) store.Folder { return diskFolder{store.Local(dir), dir} }

// WriteFile implements store.Folder.
func (f diskFolder) WriteFile(ctx context.Context, name string, data []byte) error {
	if err := os.MkdirAll(filepath.Join(f.dir, filepath.Dir(filepath.FromSlash(name))), 0o777); err != nil {
		return err
	}
	return f.Folder.WriteFile(ctx, name, data)
}
