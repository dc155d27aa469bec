//go:build js && wasm

package main

import (
	"context"
	"io/fs"
	"syscall/js"

	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// A browserFolder is kept by the browser for this page (IndexedDB), and held in
// memory beside.
type browserFolder struct{ *board.Memory }

var _ store.Folder = browserFolder{}

// openFolder reads what was kept before.
func openFolder(ctx context.Context) (browserFolder, error) {
	f := browserFolder{board.NewMemory()}
	kept, err := await(ctx, js.Global().Call("readKept"))
	if err != nil {
		return f, err
	}
	for i := range kept.Length() {
		file := kept.Index(i)
		if err := f.Memory.WriteFile(ctx, file.Get("name").String(), bytesOf(file.Get("data"))); err != nil {
			return f, err
		}
	}
	return f, nil
}

// WriteFile implements store.Folder.
func (f browserFolder) WriteFile(ctx context.Context, name string, data []byte) error {
	if _, err := await(ctx, js.Global().Call("keep", name, jsBytes(data))); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	return f.Memory.WriteFile(ctx, name, data)
}
