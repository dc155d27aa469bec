package store

import (
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
)

// Read reads embeddings from files of both formats: a file, or a folder with all
// below it, in order of names; see [ReadFS].
func Read(name string) ([]*cxr.Embedding, error) {
	dir, pattern := name, "."
	if info, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	} else if !info.IsDir() {
		dir, pattern = filepath.Split(filepath.Clean(name))
		if dir == "" {
			dir = "."
		}
	}
	return ReadFS(os.DirFS(dir), pattern)
}

// ReadFS reads a file of fsys, or a folder with all below it ("."). A film's
// id is what its file says, else the file's base name. The space is that of
// the folder they lie in, if it is one of [Open]'s; upstream's files tell only
// a shape. An npz archive of many films, as [NewArchive] writes them and as
// Google's demo data are, has an array for each, named by its id.
func ReadFS(fsys fs.FS, name string) ([]*cxr.Embedding, error) {
	var all []*cxr.Embedding
	folders := map[string]*cxr.Space{}
	err := fs.WalkDir(fsys, name, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		i := slices.IndexFunc(formats, func(f Format) bool { return path.Ext(p) == "."+f.String() })
		if i < 0 {
			return nil
		}
		format := formats[i]
		list, err := decodeFile(fsys, p, format, strings.TrimSuffix(entry.Name(), path.Ext(p)))
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		dir := path.Dir(p)
		s, known := folders[dir]
		if !known {
			if s, err = readSpace(fsys, dir); err != nil {
				return err
			}
			folders[dir] = s
		}
		for _, v := range list {
			if s == nil {
				continue
			}
			if len(v.Values) != s.Tokens*s.Dim {
				return fmt.Errorf("%s: %w: %d values in a folder of %v", p, cxr.ErrMismatch, len(v.Values), s)
			}
			v.Space = *s
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

// readSpace is what [Open] noted of a folder, or nil if it is another's.
func readSpace(fsys fs.FS, dir string) (*cxr.Space, error) {
	name := path.Join(dir, aboutFile)
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s cxr.Space
	if err := json.Unmarshal(text, &s); err != nil || s.Tokens < 1 || s.Dim < 1 {
		return nil, fmt.Errorf("%s: %w: it does not say what the embeddings are", name, cxr.ErrCorrupt)
	}
	return &s, nil
}
