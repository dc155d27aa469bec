// Package store keeps embeddings in a folder, one file a film: TFRecords as CXR
// Foundation's pipeline writes them (features image/id and embedding), or npz
// archives that NumPy loads (key embedding, tokens x dim). It reads both, and
// npz archives of many films by their ids.
package store

import (
	"bytes"
	"context"
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
	// error. Otherwise files are named by content, and say nothing of a film.
	BaseNames bool
}

// A Dir is an [embed.Store] over a folder of this machine. Files appear whole:
// they are written under another name, synced and renamed.
type Dir struct {
	dir     string
	options Options
	about   about
}

// about is what the files of a folder have in common; it is in the file about.
type about struct {
	Model  string `json:"model"`
	Recipe string `json:"recipe"`
	Tokens int    `json:"tokens"`
	Dim    int    `json:"dim"`
}

const aboutFile = "cxrkit.json"

// Open makes the folder if needed and opens it for the embeddings of a model. A
// folder that holds embeddings of another model is [cxr.ErrMismatch].
func Open(dir string, m embed.Model, o *Options) (*Dir, error) {
	if o == nil {
		o = &Options{}
	}
	d := &Dir{dir: dir, options: *o, about: about{m.Name, m.Recipe, m.Tokens, m.Dim}}
	switch o.Format {
	case "":
		d.options.Format = TFRecord
	case TFRecord, NPZ:
	default:
		return nil, fmt.Errorf("store: format %q, want %q or %q", o.Format, TFRecord, NPZ)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, aboutFile))
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = json.Marshal(d.about); err == nil {
			err = write(dir, aboutFile, append(text, '\n'))
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
		return nil, fmt.Errorf("store: %w: the folder holds %d x %d of model %q, recipe %q, not %d x %d of %q, %q",
			cxr.ErrMismatch, there.Tokens, there.Dim, there.Model, there.Recipe, m.Tokens, m.Dim, m.Name, m.Recipe)
	}
	return d, nil
}

// file is the name of a key's file.
func (d *Dir) file(k embed.Key) (string, error) {
	if !d.options.BaseNames {
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
	data, err := os.ReadFile(filepath.Join(d.dir, name))
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
func (d *Dir) Put(_ context.Context, k embed.Key, v *cxr.Embedding) error {
	name, err := d.file(k)
	if err != nil {
		return err
	}
	data, err := encode(d.options.Format, v)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := write(d.dir, name, data); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// temporary begins the names of files that are not whole yet.
const temporary = ".cxrkit-"

// write makes a file appear whole or not at all.
func write(dir, name string, data []byte) (err error) {
	f, err := os.CreateTemp(dir, temporary+"*")
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
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	return err
}

// Read reads embeddings from files of both formats: a file, or a folder with all
// below it, in order of names. A film's id is what its file says, else the
// file's base name. Model and recipe are those of the folder they lie in, if it
// is one of [Open]'s; upstream's files tell none. An npz archive of Google's
// demo data has an array for each film, named by its id.
func Read(name string) ([]*cxr.Embedding, error) {
	var all []*cxr.Embedding
	err := filepath.WalkDir(name, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		format := strings.TrimPrefix(filepath.Ext(p), ".")
		if format != TFRecord && format != NPZ {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		list, err := decodeAll(format, data, strings.TrimSuffix(entry.Name(), filepath.Ext(p)))
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(p), aboutFile))
		var a about
		if err == nil && json.NewDecoder(bytes.NewReader(text)).Decode(&a) == nil {
			for _, v := range list {
				if len(v.Values) == a.Tokens*a.Dim {
					v.Model, v.Recipe, v.Tokens, v.Dim = a.Model, a.Recipe, a.Tokens, a.Dim
				}
			}
		}
		all = append(all, list...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("store: %s: no embeddings there", name)
	}
	return all, nil
}
