package dicomconv

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/glob"
)

// An entry is a file to be read, or a folder that could not be listed.
type entry struct {
	path string
	mode fs.FileMode // as its folder has it: links are not followed
	err  error
}

// open opens a regular file. Nothing else is opened: that can take forever.
func (e entry) open(fsys fs.FS) (fs.File, error) {
	mode := e.mode
	if mode.Type() == fs.ModeSymlink {
		info, err := fs.Stat(fsys, e.path)
		if err != nil {
			return nil, err
		}
		mode = info.Mode()
	}
	if !mode.IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", cxr.ErrUnsupported)
	}
	return fsys.Open(e.path)
}

// expand lists the files that the patterns stand for, each once, in order.
func expand(fsys fs.FS, patterns []string) ([]entry, error) {
	var entries []entry
	for _, p := range patterns {
		matches := []string{p}
		switch _, err := fs.Stat(fsys, p); { // a name, whatever characters are in it
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid):
			if matches, err = fs.Glob(fsys, p); err != nil {
				return nil, fmt.Errorf("pattern %q: %w", p, err)
			}
			matches = glob.Visible(p, matches)
		case err != nil:
			return nil, err
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("%q: %w", p, fs.ErrNotExist)
		}
		for _, m := range matches {
			if err := walk(fsys, m, &entries); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return slices.CompactFunc(entries, func(a, b entry) bool { return a.path == b.path }), nil
}

// walk adds the file name, or the files below the folder name. A folder that
// cannot be listed is an entry of its own and ends nothing.
func walk(fsys fs.FS, name string, entries *[]entry) error {
	return fs.WalkDir(fsys, name, func(at string, d fs.DirEntry, err error) error {
		hidden := at != name && strings.HasPrefix(path.Base(at), ".")
		switch {
		case d == nil:
			return err
		case err != nil:
			*entries = append(*entries, entry{path: at, err: err})
			return nil
		case d.IsDir() && hidden:
			return fs.SkipDir
		case d.IsDir() || hidden:
			return nil
		}
		*entries = append(*entries, entry{path: at, mode: d.Type()})
		return nil
	})
}
