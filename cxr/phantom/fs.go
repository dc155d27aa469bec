package phantom

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// LabelsFile is the table of labels in an [FS].
const LabelsFile = "labels.csv"

// FS is the films as a file system, as an archive would export them: of each film
// ID.dcm, drawn when it is opened (or its size asked for), and [LabelsFile] with
// the columns image_id, patient and one of 0 and 1 for each finding. It is safe
// for concurrent use.
func FS(films []Film) fs.FS {
	f := &folder{films: map[string]Film{}, entries: map[string][]string{".": {LabelsFile}}, labels: labels(films)}
	for _, film := range films {
		name := film.ID + ".dcm"
		f.films[name] = film
		for name != "." {
			dir := path.Dir(name)
			if slices.Contains(f.entries[dir], path.Base(name)) {
				break
			}
			f.entries[dir] = append(f.entries[dir], path.Base(name))
			name = dir
		}
	}
	for _, names := range f.entries {
		slices.Sort(names)
	}
	return f
}

// labels is the table.
func labels(films []Film) []byte {
	var b bytes.Buffer
	b.WriteString("image_id,patient," + strings.Join(Findings(), ",") + "\n")
	for _, f := range films {
		b.WriteString(f.ID + ".dcm," + f.Patient)
		for _, has := range f.Has {
			if has {
				b.WriteString(",1")
			} else {
				b.WriteString(",0")
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

type folder struct {
	films   map[string]Film     // by path
	entries map[string][]string // of each folder, sorted
	labels  []byte
}

// Open implements [fs.FS].
func (f *folder) Open(name string) (fs.File, error) {
	e := &entry{folder: f, name: name}
	switch film, ok := f.films[name]; {
	case ok:
		e.Reader = bytes.NewReader(film.DICOM())
	case name == LabelsFile:
		e.Reader = bytes.NewReader(f.labels)
	case fs.ValidPath(name) && f.entries[name] != nil:
		return &directory{entry: e, rest: f.entries[name]}, nil
	default:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return e, nil
}

// Stat implements [fs.StatFS], so that no film is drawn to be told from a folder.
func (f *folder) Stat(name string) (fs.FileInfo, error) {
	if _, ok := f.films[name]; ok || name == LabelsFile || fs.ValidPath(name) && f.entries[name] != nil {
		return &entry{folder: f, name: name}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// An entry is a file, open or not, or a folder.
type entry struct {
	*bytes.Reader // nil if it is not open
	folder        *folder
	name          string
}

func (e *entry) Stat() (fs.FileInfo, error) { return e, nil }
func (e *entry) Info() (fs.FileInfo, error) { return e, nil }
func (e *entry) Close() error               { return nil }
func (e *entry) Name() string               { return path.Base(e.name) }
func (e *entry) IsDir() bool                { return e.folder.entries[e.name] != nil }
func (e *entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e *entry) ModTime() time.Time         { return time.Time{} }
func (e *entry) Sys() any                   { return nil }
func (e *entry) String() string             { return fs.FormatFileInfo(e) }

func (e *entry) Mode() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// Size draws the film, unless it is open.
func (e *entry) Size() int64 {
	switch film, ok := e.folder.films[e.name]; {
	case e.Reader != nil:
		return e.Reader.Size()
	case ok:
		return int64(len(film.DICOM()))
	case e.name == LabelsFile:
		return int64(len(e.folder.labels))
	}
	return 0
}

// A directory is an open folder.
type directory struct {
	*entry
	rest []string
}

// Read refuses: it is a folder.
func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// ReadDir implements [fs.ReadDirFile].
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.rest) {
		n = len(d.rest)
	}
	list := make([]fs.DirEntry, n)
	for i, name := range d.rest[:n] {
		list[i] = &entry{folder: d.folder, name: path.Join(d.entry.name, name)}
	}
	d.rest = d.rest[n:]
	return list, nil
}
