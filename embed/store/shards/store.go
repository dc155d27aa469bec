// Package shards keeps millions of embeddings as files of many: shards, in the
// file format of Apache Arrow, which pyarrow, DuckDB and polars open as they are.
//
// A shard has the columns id, content (the key, see embed.Key), model, recipe
// and embedding, a list of tokens x dim values. Its name has its number and its
// SHA-256, and it appears only when it is whole. A [Store] writes shards, a
// [Reader] maps them into memory. Rows are in order of Put, which after an
// embed.Run is not that of the films: a row is known by its id. Films of equal pixels
// have a row each.
package shards

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/half"
)

const (
	extension    = ".arrow"
	contentBytes = 32       // of a key
	maxValues    = 64 << 20 // of one embedding
	maxID        = 64 << 10 // bytes of a film's id
)

// Options of a store. Nil means the zero value.
type Options struct {
	Bytes   int  // of vectors in a shard, about; 0: 64 MiB. As much memory is in use
	Float16 bool // half the size; values are rounded to eleven bits
}

// A Store is an [embed.Store] that writes shards. What is too little for a
// shard waits in a journal: a process that is killed loses nothing that Put has
// returned from, a machine that loses its power loses at most what is in the
// journal. A folder has one Store at a time, which must be closed.
type Store struct {
	dir   string
	about about
	limit int // rows of a shard

	mu      sync.RWMutex
	reader  Reader                       // of the shards
	where   map[[contentBytes]byte]int   // first row of a content, of the shards and then of pending
	more    map[[contentBytes]byte][]int // further rows, of other films of equal pixels
	pending rows
	journal *journal
	next    int // number of the next shard
}

// Open makes the folder if needed and opens it for embeddings of a space: of
// an embedder's Space, with the recipe of the films where the embedder takes
// any. A folder that holds embeddings of another space is [cxr.ErrMismatch].
// Its memory is a shard, and some 60 bytes for each embedding.
func Open(dir string, space cxr.Space, o *Options) (*Store, error) {
	if o == nil {
		o = &Options{}
	}
	a := about{space, o.Float16}
	for _, text := range []string{a.Model, a.Digest, a.Recipe} {
		if !utf8.ValidString(text) { // it would never be the same again
			return nil, fmt.Errorf("shards: %w: a space that is not in UTF-8", cxr.ErrUnsupported)
		}
	}
	if a.Tokens < 1 || a.Dim < 1 || a.Dim > maxValues/a.Tokens {
		return nil, fmt.Errorf("shards: %w: embeddings of %d x %d", cxr.ErrUnsupported, a.Tokens, a.Dim)
	}
	size := o.Bytes
	if size <= 0 {
		size = 64 << 20
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("shards: %w", err)
	}
	s := &Store{dir: dir, about: a, limit: max(1, size/a.width()), where: map[[contentBytes]byte]int{}, more: map[[contentBytes]byte][]int{}}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("shards: %w", errors.Join(err, s.close()))
	}
	return s, nil
}

// open reads what is there.
func (s *Store) open() (err error) {
	// The journal first: its lock keeps others out.
	var waiting []entry
	if s.journal, waiting, err = openJournal(filepath.Join(s.dir, journalFile), s.about); err != nil {
		return err
	}
	if err := removeTemporary(s.dir); err != nil {
		return err
	}
	names, err := list(s.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.adopt(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, e := range waiting { // which a shard may hold already, if the process ended just after it
		if _, there := s.row(e.content, e.id); !there {
			s.keep(e.content, e.id, e.values)
		}
	}
	return nil
}

// adopt maps a shard and notes what it holds.
func (s *Store) adopt(name string) error {
	number, _, _ := strings.Cut(name, "-")
	var n int
	if _, err := fmt.Sscanf(number, "%d", &n); err == nil {
		s.next = max(s.next, n+1)
	}
	m, err := openShard(filepath.Join(s.dir, name))
	if err != nil {
		return err
	}
	if err := m.about.match(s.about); err != nil {
		m.close()
		return fmt.Errorf("the folder holds other embeddings: %w; use another folder", err)
	}
	first := s.reader.rows
	if err := s.reader.add(m); err != nil {
		return err
	}
	for i := range m.rows {
		s.note(m.key(i), first+i)
	}
	return nil
}

// note says in which row a film is.
func (s *Store) note(content [contentBytes]byte, row int) {
	if first, there := s.where[content]; there && first != row {
		if !slices.Contains(s.more[content], row) {
			s.more[content] = append(s.more[content], row)
		}
		return
	}
	s.where[content] = row
}

// row is that of a film; same is false if it is another film's of equal pixels.
func (s *Store) row(content [contentBytes]byte, id string) (row int, same bool) {
	row, there := s.where[content]
	if !there {
		return -1, false
	}
	for _, other := range append([]int{row}, s.more[content]...) {
		if s.id(other) == id {
			return other, true
		}
	}
	return row, false
}

// id of the film in a row.
func (s *Store) id(row int) string {
	if row < s.reader.rows {
		return s.reader.ID(row)
	}
	return s.pending.ids[row-s.reader.rows]
}

// Get implements [embed.Store].
func (s *Store) Get(_ context.Context, k embed.Key) (*cxr.Embedding, error) {
	content, err := contentOf(k.Content)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.journal == nil {
		return nil, fmt.Errorf("shards: %w", fs.ErrNotExist)
	}
	i, _ := s.row(content, k.ID)
	if i < 0 {
		return nil, fmt.Errorf("shards: %w", fs.ErrNotExist)
	}
	v := &cxr.Embedding{ID: s.id(i), Space: k.Space}
	if i < s.reader.rows {
		v.Values = slices.Clone(s.reader.Values(i))
	} else {
		n := s.about.size()
		i -= s.reader.rows
		v.Values = slices.Clone(s.pending.values[i*n : (i+1)*n])
	}
	return v, nil
}

// Put implements [embed.Store].
func (s *Store) Put(_ context.Context, k embed.Key, v *cxr.Embedding) error {
	content, err := contentOf(k.Content)
	if err != nil {
		return err
	}
	if err := v.Check(k.Space); err != nil {
		return fmt.Errorf("shards: %w", err)
	}
	if err := s.about.Match(k.Space); err != nil {
		return fmt.Errorf("shards: %w", err)
	}
	switch {
	case v.ID != k.ID:
		return fmt.Errorf("shards: %w: an embedding of another film than the key's", cxr.ErrMismatch)
	case len(v.ID) > maxID:
		return fmt.Errorf("shards: %w: an id of %d bytes", cxr.ErrTooLarge, len(v.ID))
	case !utf8.ValidString(v.ID): // Arrow's texts are
		return fmt.Errorf("shards: %w: an id that is not in UTF-8", cxr.ErrUnsupported)
	}
	if s.about.Float16 {
		for _, x := range v.Values {
			if x > half.Max || x < -half.Max {
				return fmt.Errorf("shards: %w: a value beyond float16's %d", cxr.ErrUnsupported, half.Max)
			}
		}
	}
	record := entry{content, v.ID, v.Values}.record()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return fmt.Errorf("shards: %w", fs.ErrClosed)
	}
	if _, there := s.row(content, v.ID); there {
		return nil
	}
	// Before and not after, so that memory is bounded where no shard can be
	// written, and no Put fails whose vector is kept.
	if len(s.pending.ids) >= s.limit {
		if err := s.flush(); err != nil {
			return fmt.Errorf("shards: %w", err)
		}
	}
	if err := s.journal.append(record); err != nil {
		return fmt.Errorf("shards: %w", err)
	}
	s.keep(content, v.ID, v.Values)
	return nil
}

// contentOf is the content of a key.
func contentOf(text string) (c [contentBytes]byte, err error) {
	if n, err := hex.Decode(c[:], []byte(text)[:min(len(text), 2*contentBytes)]); err != nil || n != contentBytes {
		return c, fmt.Errorf("shards: %w: a key whose content is no SHA-256 in hex", cxr.ErrUnsupported)
	}
	return c, nil
}

// keep notes a vector that is in the journal.
func (s *Store) keep(content [contentBytes]byte, id string, values []float32) {
	if s.pending.values == nil { // at once, not by doubling
		s.pending.values = make([]float32, 0, s.limit*s.about.size())
	}
	s.pending.add(id, content, values)
	s.note(content, s.reader.rows+len(s.pending.ids)-1)
}

// Flush makes a shard of what waits, however little.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return fmt.Errorf("shards: %w", fs.ErrClosed)
	}
	if err := s.flush(); err != nil {
		return fmt.Errorf("shards: %w", err)
	}
	return nil
}

func (s *Store) flush() error {
	if len(s.pending.ids) == 0 {
		return nil
	}
	name, err := writeShard(s.dir, s.next, s.about, &s.pending)
	if err != nil {
		return err
	}
	if err := s.adopt(name); err != nil { // its rows are those of pending
		return err
	}
	s.pending.reset()
	return s.journal.clear()
}

// Close makes a shard of what waits and ends the use of the folder.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	if err := errors.Join(s.flush(), s.close()); err != nil {
		return fmt.Errorf("shards: %w", err)
	}
	return nil
}

func (s *Store) close() error {
	err := s.reader.Close()
	if s.journal != nil {
		err = errors.Join(err, s.journal.close())
		s.journal = nil
	}
	return err
}
