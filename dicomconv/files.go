package dicomconv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
)

// Files are the films in fsys, a folder (os.DirFS) or an archive
// (zip.Reader), in order of their paths. A pattern names a file, a folder,
// which stands for all files in it and below but those that begin with a dot,
// or, as path.Match has it, several of either, but for names whose dot is not in
// the pattern; no pattern stands for all of fsys. What a file is, its content
// tells and not its name.
//
// IDs are paths, or what Options.ID makes, or with Options.PseudonymKey
// pseudonyms, of the SOP Instance UID if there is one. A file that fails is an
// *cxr.ItemError, whose Path tells which, and does not end the stream, nor does a
// folder that cannot be listed; a pattern that matches nothing does, with
// fs.ErrNotExist. A film whose ID another one before it had, in small letters or
// capitals, fails with cxr.ErrDuplicate: stores would take one for the other.
// What is no regular file, such as a pipe, fails without being opened.
//
// Invalid options end the stream before the first film.
func (c *Converter) Files(fsys fs.FS, patterns ...string) *Films {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	return &Films{c: c, fsys: fsys, patterns: patterns, taken: map[string]bool{}, open: &opened{}}
}

// Films is a [cxr.Source] of files. As many files as there are processors are being
// decoded, or are done and wait, at a time. It is used by one goroutine, and must be
// closed when left before its end.
type Films struct {
	c        *Converter
	fsys     fs.FS
	patterns []string // nil once they are expanded
	entries  []entry  // not started yet
	err      error
	running  []chan result   // in order of entries
	taken    map[string]bool // IDs, in small letters
	open     *opened
}

type result struct {
	film *cxr.Image
	path string
	err  error
}

// opened counts the files that are open.
type opened struct {
	mu     sync.Mutex
	closed bool
	files  sync.WaitGroup
}

// enter reports whether a file that was opened may be read; then leave must
// follow.
func (o *opened) enter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.files.Add(1)
	return true
}

func (o *opened) leave() { o.files.Done() }

// over reports whether nobody waits for the files any more.
func (o *opened) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// list finds the files, once.
func (s *Films) list() {
	if s.patterns != nil && s.c.err != nil {
		s.err, s.patterns = fmt.Errorf("dicomconv: options: %w", s.c.err), nil
	}
	if s.patterns != nil {
		s.entries, s.err = expand(s.fsys, s.patterns)
		s.patterns = nil
	}
}

// Len is how many films are to come. It lists the files if need be; where that
// fails there are none, and Next tells why.
func (s *Films) Len() int {
	s.list()
	return len(s.running) + len(s.entries)
}

// Paths are those of the films to come, for programs that deal them out. A path is
// a pattern of its file. Where listing fails there are none, and Next tells why.
func (s *Films) Paths() []string {
	s.list()
	paths := make([]string, len(s.entries))
	for i, e := range s.entries {
		paths[i] = e.path
	}
	return paths
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
		if r.err != nil {
			return nil, r.err
		}
		folded := strings.ToLower(r.film.ID)
		if s.taken[folded] {
			return nil, &cxr.ItemError{ID: r.film.ID, Path: r.path, Op: "name", Err: cxr.ErrDuplicate}
		}
		s.taken[folded] = true
		return r.film, nil
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
	for len(s.running) < n && len(s.entries) > 0 {
		e, done := s.entries[0], make(chan result, 1)
		s.entries, s.running = s.entries[1:], append(s.running, done)
		c, fsys, open := s.c, s.fsys, s.open
		go func() {
			film, err := c.file(fsys, e, open)
			done <- result{film, e.path, err}
		}()
	}
}

// Close waits for films being decoded and drops them. It does not wait for a
// file to be opened, which on some file systems never ends.
func (s *Films) Close() error {
	s.open.mu.Lock()
	s.open.closed = true
	s.open.mu.Unlock()
	s.open.files.Wait()
	s.running, s.entries, s.patterns, s.err = nil, nil, nil, fs.ErrClosed
	return nil
}

// file makes an Image of a file.
func (c *Converter) file(fsys fs.FS, e entry, open *opened) (*cxr.Image, error) {
	id := e.path
	if c.o.PseudonymKey != nil {
		id = Pseudonym(c.o.PseudonymKey, e.path)
	}
	fail := func(op string, err error) (*cxr.Image, error) {
		return nil, &cxr.ItemError{ID: id, Path: e.path, Op: op, Err: cause(err)}
	}
	if e.err != nil {
		return fail("list", e.err)
	}
	if open.over() {
		return fail("read", fs.ErrClosed)
	}
	f, err := e.open(fsys)
	if err != nil {
		return fail("read", err)
	}
	defer f.Close()
	if !open.enter() {
		return fail("read", fs.ErrClosed)
	}
	defer open.leave()
	m, info, err := c.normalize(&untilOver{f, open})
	if err != nil {
		if e := (*fs.PathError)(nil); errors.As(err, &e) || errors.Is(err, fs.ErrClosed) {
			return fail("read", err)
		}
		return fail("decode", err)
	}
	switch {
	case c.o.ID != nil:
		if m.ID = c.o.ID(e.path, info); m.ID == "" {
			return fail("name", errors.New("Options.ID has given no ID"))
		}
	case m.ID == "":
		m.ID = id
	}
	return m, nil
}

// untilOver is a file that ends with fs.ErrClosed once nobody waits for it.
type untilOver struct {
	fs.File
	open *opened
}

func (r *untilOver) Read(b []byte) (int, error) {
	if r.open.over() {
		return 0, fmt.Errorf("read: %w", fs.ErrClosed)
	}
	return r.File.Read(b)
}

// cause drops the path from a file error: the ItemError names the film.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
