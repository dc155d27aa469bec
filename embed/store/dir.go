// Package store keeps embeddings in a folder or a bucket, one file a film: TFRecords as CXR
// Foundation's pipeline writes them (features image/id and embedding), or npz
// archives that NumPy loads (key embedding, tokens x dim). It reads both, and
// npz archives of many films by their ids.
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
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// Formats.
const (
	TFRecord = "tfrecord"
	NPZ      = "npz"
)

// Options of a store. Nil means the zero value.
type Options struct {
	Format string // TFRecord (also if empty) or NPZ

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
	about   about
}

// about is what the files of a folder have in common; it is in the file about.
type about struct {
	Model  string `json:"model"`
	Recipe string `json:"recipe"`
	Tokens int    `json:"tokens"`
	Dim    int    `json:"dim"`
	Digest string `json:"digest,omitempty"` // of the weights
}

func (a about) String() string {
	s := fmt.Sprintf("%d x %d of model %q, recipe %q", a.Tokens, a.Dim, a.Model, a.Recipe)
	if a.Digest != "" {
		s += fmt.Sprintf(", weights %.12s", a.Digest)
	}
	return s
}

const aboutFile = "cxrkit.json"

// Open opens the folder dir of this machine, see [OpenIn], and makes it if needed.
func Open(dir string, m embed.Model, o *Options) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return OpenIn(context.Background(), Local(dir), m, o)
}

// OpenIn opens a folder for the embeddings of a model. A folder that holds
// embeddings of another model, or of the same with other weights, is
// [cxr.ErrMismatch].
func OpenIn(ctx context.Context, f Folder, m embed.Model, o *Options) (*Dir, error) {
	if o == nil {
		o = &Options{}
	}
	d := &Dir{folder: f, options: *o, about: about{m.Name, m.Recipe, m.Tokens, m.Dim, m.Digest}}
	switch o.Format {
	case "":
		d.options.Format = TFRecord
	case TFRecord, NPZ:
	default:
		return nil, fmt.Errorf("store: format %q, want %q or %q", o.Format, TFRecord, NPZ)
	}
	text, err := fs.ReadFile(f, aboutFile)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = json.Marshal(d.about); err == nil {
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
	var there about
	if err := json.Unmarshal(text, &there); err != nil {
		return nil, fmt.Errorf("store: %s: %w: %w", aboutFile, cxr.ErrCorrupt, err)
	}
	if there != d.about {
		return nil, fmt.Errorf("store: %w: the folder holds %s, not %s", cxr.ErrMismatch, there, d.about)
	}
	return d, nil
}

// file is the name of a key's file.
func (d *Dir) file(k embed.Key) (string, error) {
	if !d.options.BaseNames {
		if content, err := hex.DecodeString(k.Content); err != nil || len(content) != sha256.Size {
			return "", fmt.Errorf("store: %w: a key whose content is no SHA-256 in hex", cxr.ErrUnsupported)
		}
		return k.Content[:32] + "." + d.options.Format, nil
	}
	base := path.Base(filepath.ToSlash(k.ID))
	base = strings.TrimSuffix(base, path.Ext(base))
	if base == "" || base == "." || base == "/" || strings.ContainsAny(base, "\x00/\\") || strings.HasPrefix(base, ".") {
		return "", fmt.Errorf("store: %w: film whose id makes no file name", cxr.ErrUnsupported)
	}
	return base + "." + d.options.Format, nil
}

// Get keeps the contract of [embed.Store].
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
	if err != nil || len(v.Values) != k.Model.Tokens*k.Model.Dim {
		return nil, fmt.Errorf("store: %w: the file there is torn or foreign", fs.ErrNotExist)
	}
	if d.options.BaseNames && v.ID != "" && v.ID != k.ID {
		return nil, fmt.Errorf("store: %w: two films of one base name", cxr.ErrMismatch)
	}
	v.ID, v.Model, v.Recipe, v.Tokens, v.Dim = k.ID, k.Model.Name, k.Recipe, k.Model.Tokens, k.Model.Dim
	if v.Validate() != nil {
		return nil, fmt.Errorf("store: %w: the file there holds no embedding", fs.ErrNotExist)
	}
	return v, nil
}

// Put keeps the contract of [embed.Store].
func (d *Dir) Put(ctx context.Context, k embed.Key, v *cxr.Embedding) error {
	name, err := d.file(k)
	if err != nil {
		return err
	}
	if v.Tokens != d.about.Tokens || v.Dim != d.about.Dim { // Get would never find it
		return fmt.Errorf("store: %w: an embedding of %d x %d in a folder of %s", cxr.ErrMismatch, v.Tokens, v.Dim, d.about)
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
