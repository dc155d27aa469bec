package board

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cxrkit/cxrkit/dicomconv"
)

// dropped is the folder of films that were dropped on the page.
const dropped = "films"

// MaxDrop is the largest file that may be dropped, in bytes: dicomconv's own limit.
const MaxDrop = 256 << 20

// ErrThere is of a film that is on the board already.
var ErrThere = errors.New("this film is here already")

// Drop adds a film of a file, which is kept in the board's folder under a name made
// of its content: the name that it had may tell who it is of. It tells the film's
// number, also with ErrThere.
func (b *Board) Drop(ctx context.Context, file io.Reader) (int, error) {
	data, err := io.ReadAll(io.LimitReader(file, MaxDrop+1))
	if err != nil {
		return 0, err
	}
	if len(data) > MaxDrop {
		return 0, fmt.Errorf("the file has more than %d MB", MaxDrop>>20)
	}
	c := dicomconv.New(&dicomconv.Options{Views: dicomconv.ViewsAny})
	if _, err := c.Normalize(bytes.NewReader(data)); err != nil {
		return 0, err
	}
	info, err := c.Stat(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	end := map[string]string{"dicom": "dcm", "jpeg": "jpg", "png": "png", "tiff": "tif"}[info.Format]
	sum := sha256.Sum256(data)
	name := fmt.Sprintf("%s/%s.%s", dropped, hex.EncodeToString(sum[:8]), end)
	if i, ok := b.Find(name); ok {
		return i, ErrThere
	}
	if err := b.o.Folder.WriteFile(ctx, name, data); err != nil {
		return 0, fmt.Errorf("the film cannot be kept: %w", pathless(err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.index[name]; ok {
		return i, ErrThere
	}
	b.add(name, name, b.own)
	b.sortIDs()
	b.labels.grow(len(b.films))
	b.progress.done = false
	b.revision++
	select {
	case b.more <- struct{}{}:
	default:
	}
	return len(b.films) - 1, nil
}

// readDropped lists the films that were dropped before.
func (b *Board) readDropped() error {
	in := Input{FS: b.o.Folder}
	b.own = &input{Input: in}
	b.own.converter = b.convert(b.own, dicomconv.Options{Views: dicomconv.ViewsAny})
	entries, err := fs.ReadDir(b.o.Folder, dropped)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.inputs = append(b.inputs, b.own)
	for _, e := range entries {
		name := dropped + "/" + e.Name()
		if e.Type().IsRegular() && e.Name()[0] != '.' {
			b.add(name, name, b.own)
		}
	}
	return nil
}
