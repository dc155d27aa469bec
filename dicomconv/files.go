package dicomconv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/glob"
)

// Files are the films in fsys, a folder (os.DirFS) or an archive
// (zip.Reader), in order of their paths. A pattern names a file, a folder,
// which stands for all files in it and below but those that begin with a dot,
// or, as path.Match has it, several of either, but for names whose dot is not in
// the pattern; no pattern stands for all of fsys. What a file is, its content
// tells and not its name.
//
// IDs are paths, or with Options.PseudonymKey pseudonyms, of the SOP Instance
// UID if there is one. A file that fails is an *cxr.ItemError and does not end
// the stream; a pattern that matches nothing does, with fs.ErrNotExist.
//
// Invalid options end the stream before the first film.
func (c *Converter) Files(fsys fs.FS, patterns ...string) *Films {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	return &Films{c: c, fsys: fsys, patterns: patterns}
}

// Films is a [cxr.Source] of files. As many files as there are processors are being
// decoded, or are done and wait, at a time. It is used by one goroutine, and must be
// closed when left before its end.
type Films struct {
	c        *Converter
	fsys     fs.FS
	patterns []string // nil once they are expanded
	paths    []string // not started yet
	err      error
	running  []chan result // in order of paths
}

type result struct {
	film *cxr.Image
	err  error
}

// list finds the files, once.
func (s *Films) list() {
	if s.patterns != nil && s.c.err != nil {
		s.err, s.patterns = fmt.Errorf("dicomconv: options: %w", s.c.err), nil
	}
	if s.patterns != nil {
		s.paths, s.err = expand(s.fsys, s.patterns)
		s.patterns = nil
	}
}

// Len is how many films are to come. It lists the files if need be; where that
// fails there are none, and Next tells why.
func (s *Films) Len() int {
	s.list()
	return len(s.running) + len(s.paths)
}

// Next implements [cxr.Source].
func (s *Films) Next(ctx context.Context) (*cxr.Image, error) {
	s.list()
	if s.err != nil {
		return nil, s.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.start(runtime.GOMAXPROCS(0))
	if len(s.running) == 0 {
		return nil, io.EOF
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-s.running[0]:
		s.running = s.running[1:]
		return r.film, r.err
	}
}

// All is Next as an iterator: a film, or nil and an error. After an error that is
// no *cxr.ItemError it ends. Leaving the loop closes s.
func (s *Films) All(ctx context.Context) iter.Seq2[*cxr.Image, error] {
	return func(yield func(*cxr.Image, error) bool) {
		defer s.Close()
		for {
			m, err := s.Next(ctx)
			var item *cxr.ItemError
			if err == io.EOF || !yield(m, err) || err != nil && !errors.As(err, &item) {
				return
			}
		}
	}
}

// start has n films decoded, or waiting, at a time.
func (s *Films) start(n int) {
	for len(s.running) < n && len(s.paths) > 0 {
		name, done := s.paths[0], make(chan result, 1)
		s.paths, s.running = s.paths[1:], append(s.running, done)
		go func() {
			film, err := s.c.file(s.fsys, name)
			done <- result{film, err}
		}()
	}
}

// Close waits for films being decoded and drops them.
func (s *Films) Close() error {
	for _, done := range s.running {
		<-done
	}
	s.running, s.paths, s.patterns, s.err = nil, nil, nil, fs.ErrClosed
	return nil
}

// file makes an Image of the file name.
func (c *Converter) file(fsys fs.FS, name string) (*cxr.Image, error) {
	id := name
	if c.o.PseudonymKey != nil {
		id = Pseudonym(c.o.PseudonymKey, name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, &cxr.ItemError{ID: id, Op: "read", Err: cause(err)}
	}
	defer f.Close()
	m, err := c.Normalize(f)
	if err != nil {
		op := "decode"
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			op = "read"
		}
		return nil, &cxr.ItemError{ID: id, Op: op, Err: cause(err)}
	}
	if m.ID == "" {
		m.ID = id
	}
	return m, nil
}

// cause drops the path from a file error: the ItemError names the film.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// expand lists the files that the patterns stand for, each once, in order.
func expand(fsys fs.FS, patterns []string) ([]string, error) {
	var paths []string
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
			err := fs.WalkDir(fsys, m, func(name string, d fs.DirEntry, err error) error {
				switch hidden := name != m && strings.HasPrefix(path.Base(name), "."); {
				case err != nil:
					return err
				case d.IsDir() && hidden:
					return fs.SkipDir
				case d.IsDir() || hidden:
					return nil
				}
				paths = append(paths, name)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
