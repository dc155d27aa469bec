// Package store keeps embeddings in a folder or a bucket, one file a film:
// TFRecords as CXR Foundation's pipeline writes them (features image/id and
// embedding), or npz archives that NumPy loads (key embedding, tokens x dim).
// It reads both, and npz archives of many films by their ids.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Format is how the file of a film is written.
type Format int

// Formats.
const (
	TFRecord Format = iota
	NPZ
)

var formats = []Format{TFRecord, NPZ}

// String is "tfrecord" or "npz", which files end in.
func (f Format) String() string {
	switch f {
	case TFRecord:
		return "tfrecord"
	case NPZ:
		return "npz"
	}
	return fmt.Sprintf("format %d", int(f))
}

// MarshalText is String, so that a Format can be a flag.
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String writes.
func (f *Format) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(formats, func(known Format) bool { return known.String() == string(text) })
	if i < 0 {
		return fmt.Errorf("format %q, want one of %v", text, formats)
	}
	*f = formats[i]
	return nil
}

// Options of a store. Nil means the zero value.
type Options struct {
	Format Format

	// BaseNames names files by the last part of the film's id without its
	// extension, as upstream does; two films of equal base names are then an
	// error, and a film that was changed keeps the embedding it had. Otherwise
	// files are named by content, and say nothing of a film; films of equal
	// pixels share one, with the id of the first.
	BaseNames bool
}

// A Dir is an [embed.Store] over a folder.
type Dir struct {
	folder  Folder
	options Options
	space   cxr.Space
}

// aboutFile holds the space of the folder's embeddings.
const aboutFile = "cxrkit.json"

// Open opens the folder dir of this machine, see [OpenIn], and makes it if needed.
func Open(dir string, s cxr.Space, o *Options) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return OpenIn(context.Background(), Local(dir), s, o)
}

// OpenIn opens a folder for embeddings of space s: of an embedder's Space, with the
// recipe of the films where the embedder takes any. A folder that holds embeddings
// of another space is [cxr.ErrMismatch].
func OpenIn(ctx context.Context, f Folder, s cxr.Space, o *Options) (*Dir, error) {
	if o == nil {
		o = &Options{}
	}
	d := &Dir{folder: f, options: *o, space: s}
	if !slices.Contains(formats, o.Format) {
		return nil, fmt.Errorf("store: %v, want %v or %v", o.Format, TFRecord, NPZ)
	}
	text, err := fs.ReadFile(f, aboutFile)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = json.Marshal(s); err == nil {
			err = f.WriteFile(ctx, aboutFile, append(text, '\n'))
		}
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var there cxr.Space
	if err := json.Unmarshal(text, &there); err != nil {
		return nil, fmt.Errorf("store: %s: %w: %w", aboutFile, cxr.ErrCorrupt, err)
	}
	if err := there.Match(s); err != nil {
		return nil, fmt.Errorf("store: the folder holds other embeddings: %w; use another folder", err)
	}
	return d, nil
}

// file is the name of a key's file.
func (d *Dir) file(k embed.Key) (string, error) {
	if !d.options.BaseNames {
		if content, err := hex.DecodeString(k.Content); err != nil || len(content) != sha256.Size {
			return "", fmt.Errorf("store: %w: a key whose content is no SHA-256 in hex", cxr.ErrUnsupported)
		}
		return k.Content[:32] + "." + d.options.Format.String(), nil
	}
	base := path.Base(filepath.ToSlash(k.ID))
	base = strings.TrimSuffix(base, path.Ext(base))
	if base == "" || base == "." || base == "/" || strings.ContainsAny(base, "\x00/\\") || strings.HasPrefix(base, ".") {
		return "", fmt.Errorf("store: %w: film whose id makes no file name", cxr.ErrUnsupported)
	}
	return base + "." + d.options.Format.String(), nil
}

// Get implements [embed.Store].
func (d *Dir) Get(_ context.Context, k embed.Key) (*cxr.Embedding, error) {
	name, err := d.file(k)
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(d.folder, name)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	v, err := decode(d.options.Format, data)
	if err != nil || len(v.Values) != k.Space.Tokens*k.Space.Dim {
		return nil, fmt.Errorf("store: %w: the file there is torn or foreign", fs.ErrNotExist)
	}
	if d.options.BaseNames && v.ID != "" && v.ID != k.ID {
		return nil, fmt.Errorf("store: %w: two films of one base name", cxr.ErrMismatch)
	}
	v.ID, v.Space = k.ID, k.Space
	if v.Validate() != nil {
		return nil, fmt.Errorf("store: %w: the file there holds no embedding", fs.ErrNotExist)
	}
	return v, nil
}

// Put implements [embed.Store].
func (d *Dir) Put(ctx context.Context, k embed.Key, v *cxr.Embedding) error {
	name, err := d.file(k)
	if err != nil {
		return err
	}
	if err := v.Check(k.Space); err != nil { // Get would never find it
		return fmt.Errorf("store: %w", err)
	}
	if err := d.space.Match(k.Space); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	data, err := encode(d.options.Format, v)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := d.folder.WriteFile(ctx, name, data); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
