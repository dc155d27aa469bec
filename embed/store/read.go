package store

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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

// ReadFS reads a file of fsys, or a folder with all below it ("."). A film's id
// is what its file says, else the file's base name. Model and recipe are those
// of the folder they lie in, if it is one of [Open]'s; upstream's files tell
// none. An npz archive of many films, as [NewArchive] writes them and as
// Google's demo data are, has an array for each, named by its id.
func ReadFS(fsys fs.FS, name string) ([]*cxr.Embedding, error) {
	var all []*cxr.Embedding
	folders := map[string]*about{}
	err := fs.WalkDir(fsys, name, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		format := strings.TrimPrefix(path.Ext(p), ".")
		if format != TFRecord && format != NPZ {
			return nil
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		list, err := decodeAll(format, data, strings.TrimSuffix(entry.Name(), path.Ext(p)))
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		dir := path.Dir(p)
		a, known := folders[dir]
		if !known {
			a = &about{}
			if text, err := fs.ReadFile(fsys, path.Join(dir, aboutFile)); err != nil || json.Unmarshal(text, a) != nil {
				*a = about{}
			}
			folders[dir] = a
		}
		for _, v := range list {
			if a.Model != "" && len(v.Values) == a.Tokens*a.Dim {
				v.Model, v.Recipe, v.Tokens, v.Dim = a.Model, a.Recipe, a.Tokens, a.Dim
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

// A MIMIC is what the path of a file of MIMIC-CXR tells, or of the embeddings
// that Google published of it: files/p10/p10000032/s50414267/IMAGE.dcm (Johnson
// et al. 2019, https://doi.org/10.1038/s41597-019-0322-0).
type MIMIC struct {
	Subject string // of the de-identified patient: 10000032
	Study   string // 50414267
	Image   string // dicom_id of MIMIC's tables
}

// ParseMIMIC takes a path of MIMIC-CXR apart, whatever comes before files and
// whatever its extension.
func ParseMIMIC(name string) (MIMIC, error) {
	bad := fmt.Errorf("store: %w: want a path like files/pNN/pNNNNNNNN/sNNNNNNNN/IMAGE.dcm", cxr.ErrCorrupt)
	parts := strings.Split(filepath.ToSlash(name), "/")
	if len(parts) < 4 {
		return MIMIC{}, bad
	}
	parts = parts[len(parts)-4:]
	group, okG := number(parts[0], 'p', 2)
	subject, okP := number(parts[1], 'p', 8)
	study, okS := number(parts[2], 's', 8)
	image := strings.TrimSuffix(parts[3], path.Ext(parts[3]))
	if !okG || !okP || !okS || !strings.HasPrefix(subject, group) || image == "" {
		return MIMIC{}, bad
	}
	return MIMIC{subject, study, image}, nil
}

// number is the digits after a letter.
func number(s string, letter byte, digits int) (string, bool) {
	if len(s) != digits+1 || s[0] != letter || strings.Trim(s[1:], "0123456789") != "" {
		return "", false
	}
	return s[1:], true
}
