package shards

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/half"
)

// A Reader reads the vectors of a folder where they lie: files are mapped into
// memory, not read, so that opening costs little however many there are, and
// the system keeps of them what it has room for. All its methods but Close are
// safe for concurrent use.
//
// Shards are never changed by this library. One that another program makes
// shorter while it is mapped ends the process, as with every mapped file.
type Reader struct {
	about  about
	shards []*shard
	first  []int // rows before each shard
	rows   int
}

// Read opens the whole shards of a folder, in order of their numbers. Vectors
// that a [Store] has not put into a shard yet are not among them. Shards of
// different models are [cxr.ErrMismatch]; a file that only looks like a shard
// is [cxr.ErrCorrupt]; a folder without shards is [fs.ErrNotExist]. Checksums
// are not looked at: see [Reader.Verify].
func Read(dir string) (*Reader, error) {
	names, err := list(dir)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: no shards there: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("shards: %w", err)
	}
	return readFiles(dir, names)
}

func readFiles(dir string, names []string) (*Reader, error) {
	r := &Reader{}
	for _, name := range names {
		s, err := openShard(filepath.Join(dir, name))
		if err == nil {
			err = r.add(s)
		}
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("shards: %s: %w", name, err)
		}
	}
	return r, nil
}

// add takes over a shard.
func (r *Reader) add(s *shard) error {
	if len(r.shards) == 0 {
		r.about = s.about
	} else if err := r.about.match(s.about); err != nil {
		s.close()
		return fmt.Errorf("unlike other shards: %w", err)
	}
	r.shards, r.first, r.rows = append(r.shards, s), append(r.first, r.rows), r.rows+s.rows
	return nil
}

// Len is the number of vectors.
func (r *Reader) Len() int { return r.rows }

// Space is that of all embeddings.
func (r *Reader) Space() cxr.Space { return r.about.Space }

// find is the shard of a row, and the row in it. A row that is not there
// panics, as a slice does.
func (r *Reader) find(i int) (*shard, int) {
	if i < 0 || i >= r.rows {
		panic(fmt.Sprintf("shards: vector %d of %d", i, r.rows))
	}
	k := sort.SearchInts(r.first, i+1) - 1
	return r.shards[k], i - r.first[k]
}

// ID is the film's id.
func (r *Reader) ID(i int) string {
	s, row := r.find(i)
	return s.id(row)
}

// Values are tokens x dim values of a film. Of float32 they are not copied, but
// lie in the file: they may not be changed, nor used after Close.
func (r *Reader) Values(i int) []float32 {
	s, row := r.find(i)
	return s.row(row)
}

// Embedding is a copy of a film's embedding.
func (r *Reader) Embedding(i int) *cxr.Embedding {
	return &cxr.Embedding{ID: r.ID(i), Space: r.about.Space, Values: slices.Clone(r.Values(i))}
}

// Verify compares every shard with its checksum, and reads it once. Any
// difference is [cxr.ErrCorrupt].
func (r *Reader) Verify() error {
	for _, s := range r.shards {
		if err := s.verify(); err != nil {
			return fmt.Errorf("shards: %s: %w", filepath.Base(s.name), err)
		}
	}
	return nil
}

// Close ends the mappings.
func (r *Reader) Close() error {
	var first error
	for _, s := range r.shards {
		if err := s.close(); err != nil && first == nil {
			first = err
		}
	}
	r.shards, r.first, r.rows = nil, nil, 0
	return first
}

// list is the shards of a folder in order.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), extension) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// A shard is a mapped file.
type shard struct {
	*columns
	name  string
	data  []byte
	unmap func() error
}

func openShard(name string) (*shard, error) {
	data, unmap, err := mapFile(name)
	if err != nil {
		return nil, err
	}
	c, err := parse(data)
	if err != nil {
		unmap()
		return nil, err
	}
	return &shard{c, name, data, unmap}, nil
}

// row is the values of a vector.
func (c *columns) row(i int) []float32 {
	n := c.about.size()
	if c.half == nil {
		return c.values[i*n : (i+1)*n : (i+1)*n]
	}
	out := make([]float32, n)
	for k := range out {
		out[k] = half.Float32(binary.LittleEndian.Uint16(c.half[2*(i*n+k):]))
	}
	return out
}

func (c *columns) id(i int) string { return string(c.ids[c.offset(i):c.offset(i+1)]) }

// key is a film's content.
func (c *columns) key(i int) (content [contentBytes]byte) {
	copy(content[:], c.content[i*contentBytes:])
	return content
}

func (s *shard) verify() error {
	_, want, ok := strings.Cut(strings.TrimSuffix(filepath.Base(s.name), extension), "-")
	sum := sha256.Sum256(s.data)
	if !ok || want != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%w: wrong checksum", cxr.ErrCorrupt)
	}
	return nil
}

func (s *shard) close() error { return s.unmap() }
