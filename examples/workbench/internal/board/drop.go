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

	"github.com/cxrkit/cxrkit/cxr"
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
	return b.keepFilm(ctx, fmt.Sprintf("%s/%s.%s", dropped, hex.EncodeToString(sum[:8]), end), data)
}

// keepFilm adds a film that is to be kept in the board's folder.
func (b *Board) keepFilm(ctx context.Context, name string, data []byte) (int, error) {
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

// retrieveAll adds the films of a source, such as a PACS: they are kept as pictures,
// under the names that the source gives them.
func (b *Board) retrieveAll() {
	if closer, ok := b.o.Source.(io.Closer); ok {
		defer closer.Close()
	}
	for {
		m, err := b.o.Source.Next(b.about)
		var one *cxr.ItemError
		switch {
		case err == io.EOF || b.about.Err() != nil:
			return
		case errors.As(err, &one):
			b.problem(fmt.Errorf("a film was not retrieved: %w", one.Err))
			continue
		case err != nil:
			b.problem(fmt.Errorf("films are not retrieved: %w", err))
			return
		}
		name := FilmFile(m.ID)
		if _, err := b.keepFilm(b.about, name, m.PNG()); err != nil && !errors.Is(err, ErrThere) {
			b.problem(err)
			return
		}
	}
}

// FilmFile is the file, in the board's folder, of a film of a source.
func FilmFile(id string) string { return dropped + "/" + id + ".png" }
