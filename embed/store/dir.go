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
	"sync"
	"unicode/utf8"

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

	// BaseNames names files by the last part of the film's id without the extension
	// of its format, as upstream does. Two films of equal base names, in small
	// letters or capitals, are then [cxr.ErrDuplicate], and a film that was changed
	// keeps the embedding it had. Otherwise files are named by content, and say
	// nothing of a film.
	BaseNames bool
}

// A Dir is an [embed.Store] over a folder.
type Dir struct {
	folder  Folder
	options Options
	about   about

	mu     sync.Mutex
	owners map[string]string // whose embedding is in the file of a name, as far as this process has seen; "": nobody's
}

// aboutFile says what the folder's embeddings are.
const aboutFile = "cxrkit.json"

type about struct {
	cxr.Space
	Format string `json:"format"`
}

// check refuses what could not be told apart when it is read again.
func (a about) check() error {
	for _, text := range []string{a.Model, a.Digest, a.Recipe} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%w: a space that is not in UTF-8", cxr.ErrUnsupported)
		}
	}
	if a.Tokens < 1 || a.Dim < 1 {
		return fmt.Errorf("%w: embeddings of %d x %d", cxr.ErrUnsupported, a.Tokens, a.Dim)
	}
	return nil
}

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
	if !slices.Contains(formats, o.Format) {
		return nil, fmt.Errorf("store: %v, want %v or %v", o.Format, TFRecord, NPZ)
	}
	d := &Dir{folder: f, options: *o, about: about{s, o.Format.String()}, owners: map[string]string{}}
	if err := d.about.check(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
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
	if err := there.Match(s); err != nil {
		return nil, fmt.Errorf("store: the folder holds other embeddings: %w; use another folder", err)
	}
	if there.Format != d.about.Format { // each film would be there twice
		return nil, fmt.Errorf("store: %w: the folder's files are %s, want %s; use another folder", cxr.ErrMismatch, there.Format, d.about.Format)
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
	if slices.Contains(extensions, strings.ToLower(path.Ext(base))) { // and not the last number of a UID
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	if base == "" || base == "." || base == "/" || strings.ContainsAny(base, "\x00/\\") || strings.HasPrefix(base, ".") {
		return "", fmt.Errorf("store: %w: film whose id makes no file name", cxr.ErrUnsupported)
	}
	return base + "." + d.options.Format.String(), nil
}

// extensions of films, which base names leave out.
var extensions = []string{".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}

// second is the name of the file of another film of the pixels.
func (d *Dir) second(k embed.Key) string {
	sum := sha256.Sum256([]byte(k.ID))
	return fmt.Sprintf("%s-%x.%v", k.Content[:32], sum[:8], d.options.Format)
}

// Get implements [embed.Store].
func (d *Dir) Get(_ context.Context, k embed.Key) (*cxr.Embedding, error) {
	name, err := d.file(k)
	if err != nil {
		return nil, err
	}
	v, err := d.read(name, k)
	if err == nil && v.ID != k.ID && !d.options.BaseNames {
		if own, err := d.read(d.second(k), k); err == nil {
			return own, nil
		}
	}
	if err == nil && v.ID != k.ID && d.options.BaseNames {
		return nil, fmt.Errorf("store: %w: their base names are equal", cxr.ErrDuplicate)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return v, nil
}

// read reads a film's file, and notes whose it is.
func (d *Dir) read(name string, k embed.Key) (*cxr.Embedding, error) {
	data, err := readFile(d.folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		d.note(name, "")
	}
	if err != nil {
		return nil, err
	}
	v, err := decode(d.options.Format, data)
	if err != nil || len(v.Values) != k.Space.Tokens*k.Space.Dim {
		d.note(name, "")
		return nil, fmt.Errorf("%w: the file there is torn or foreign", fs.ErrNotExist)
	}
	if v.Space = k.Space; v.Validate() != nil {
		d.note(name, "")
		return nil, fmt.Errorf("%w: the file there holds no embedding", fs.ErrNotExist)
	}
	if v.ID == "" { // upstream's later files do not tell
		v.ID = k.ID
	}
	d.note(name, v.ID)
	return v, nil
}

// note says whose embedding a file holds, unless it was claimed meanwhile.
func (d *Dir) note(name, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owners[strings.ToLower(name)] == "" {
		d.owners[strings.ToLower(name)] = id
	}
}

// claim reports whether a film may have the file of a name: nobody has it, or the
// film itself. Names that differ in case are one, as some disks take them.
func (d *Dir) claim(name string, k embed.Key) bool {
	d.mu.Lock()
	_, seen := d.owners[strings.ToLower(name)]
	d.mu.Unlock()
	if !seen {
		d.read(name, k) // for its note
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if owner := d.owners[strings.ToLower(name)]; owner != "" && owner != k.ID {
		return false
	}
	d.owners[strings.ToLower(name)] = k.ID
	return true
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
	if err := d.about.Match(k.Space); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if v.ID != k.ID {
		return fmt.Errorf("store: %w: an embedding of another film than the key's", cxr.ErrMismatch)
	}
	if !d.claim(name, k) {
		if d.options.BaseNames {
			return fmt.Errorf("store: %w: their base names are equal", cxr.ErrDuplicate)
		}
		name = d.second(k)
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
