package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// A State is how far a film is.
type State int

// States.
const (
	Waiting  State = iota // to be read
	Embedded              // its embedding is there
	Shown                 // can be seen and labeled, but has no embedding; Problem tells why
	Failed                // cannot be read; Problem tells why
)

// A Film is what is told of one.
type Film struct {
	ID      string
	State   State
	Problem string
	View    cxr.View
	Split   string // as the table of labels says
}

// A film is a Film with what is not told.
type film struct {
	Film
	in        *input
	path      string         // of its file
	patient   string         // a name that its patient's films share, see kin; empty: not known
	embedding *cxr.Embedding // nil: there is none yet
	look      uint64         // a hash of how it looks; 0: not looked at yet
	seen      bool           // a pass has looked at it
	view      bool           // eyes can look at it, though it is not embedded
}

// notFilms are ends of names that a folder of films often has beside them.
var notFilms = map[string]bool{
	".csv": true, ".tsv": true, ".txt": true, ".json": true, ".md": true, ".html": true, ".xml": true, ".pdf": true, ".xlsx": true,
	".npz": true, ".npy": true, ".tfrecord": true, ".arrow": true, ".onnx": true, ".zip": true, ".gz": true, ".cxrhead": true, ".go": true, ".py": true,
}

// list appends the films of an input.
func (b *Board) list(in Input) error {
	own := &input{Input: in}
	own.converter = b.convert(own, dicomconv.Options{Views: dicomconv.ViewsAny})
	files := own.converter.Files(in.FS, in.Within...)
	paths := files.Paths()
	if len(paths) == 0 {
		_, err := files.Next(b.about)
		if err == io.EOF {
			return nil
		}
		return fmt.Errorf("%s: %w", strings.TrimSuffix(in.Prefix, "/"), err)
	}
	b.inputs = append(b.inputs, own)
	for _, name := range paths {
		if notFilms[strings.ToLower(path.Ext(name))] {
			continue
		}
		b.add(in.Prefix+name, name, own)
	}
	return files.Close()
}

// add appends a film, unless there is one of its name.
func (b *Board) add(id, path string, in *input) {
	if _, taken := b.index[id]; !taken {
		b.index[id] = len(b.films)
		b.films = append(b.films, film{Film: Film{ID: id}, in: in, path: path})
	}
}

// convert is a converter for films of an input, which learns whose they are.
func (b *Board) convert(in *input, o dicomconv.Options) *dicomconv.Converter {
	o.PseudonymKey = b.key
	o.ID = func(path string, info dicomconv.Info) string {
		if info.Patient != "" {
			b.belongs(in.Prefix+path, info.Patient)
		}
		return path
	}
	return dicomconv.New(&o)
}

// sortIDs is to follow when films were added.
func (b *Board) sortIDs() {
	films := make([]int, len(b.films))
	for i := range films {
		films[i] = i
	}
	slices.SortFunc(films, func(i, j int) int { return strings.Compare(b.films[i].ID, b.films[j].ID) })
	b.sorted = films
}

// Len is the number of films.
func (b *Board) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.films)
}

// Film is what is told of film i.
func (b *Board) Film(i int) (Film, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if i < 0 || i >= len(b.films) {
		return Film{}, false
	}
	return b.films[i].Film, true
}

// Find is the film of an ID.
func (b *Board) Find(id string) (i int, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i, ok = b.index[id]
	return i, ok
}

// ErrNoFilm is of a number that no film has.
var ErrNoFilm = errors.New("there is no such film")

// Read reads film i as options say, of which policies count as given; nil is as
// eyes see it: the film's own window, any view.
func (b *Board) Read(ctx context.Context, i int, o *dicomconv.Options) (*cxr.Image, error) {
	b.mu.RLock()
	if i < 0 || i >= len(b.films) {
		b.mu.RUnlock()
		return nil, ErrNoFilm
	}
	f := b.films[i]
	b.mu.RUnlock()
	c := f.in.converter
	if o != nil {
		c = b.convert(f.in, *o)
	}
	select {
	case b.reading <- struct{}{}:
		defer func() { <-b.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return readOne(ctx, c, &f)
}

// Open opens the file of film i, of which the worst is to be expected.
func (b *Board) Open(i int) (fs.File, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if i < 0 || i >= len(b.films) {
		return nil, ErrNoFilm
	}
	f := &b.films[i]
	return f.in.FS.Open(f.path)
}

// plain is an error without the film's name, which stands beside it anyway.
func plain(err error) error {
	var one *cxr.ItemError
	if errors.As(err, &one) {
		return one.Err
	}
	return err
}
