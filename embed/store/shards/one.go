package shards

import (
	"encoding/hex"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Row is a film of a shard.
type Row struct {
	ID      string // of the film
	Content string // of its key, see [embed.Key]
	Values  []float32
}

// Write makes one shard of rows in the order given, whole or not at all, for
// programs on many machines that fill a folder together, each with numbers of its
// own. It returns the file's name. Equal rows in equal order have equal names, so
// that one who writes a shard twice changes nothing. A folder that is being
// written so must not be open as a [Store].
func Write(dir string, number int, space cxr.Space, films []Row) (name string, err error) {
	a := about{Space: space}
	if number < 0 || number > 999_999 || len(films) == 0 {
		return "", fmt.Errorf("shards: %w: shard %d of %d films, want a number of six digits and at least one film", cxr.ErrUnsupported, number, len(films))
	}
	var r rows
	for _, f := range films {
		v := cxr.Embedding{ID: f.ID, Space: space, Values: f.Values}
		if err := v.Validate(); err != nil {
			return "", fmt.Errorf("shards: %w", err)
		}
		content, err := contentOf(f.Content)
		switch {
		case err != nil:
			return "", err
		case len(f.ID) > maxID:
			return "", fmt.Errorf("shards: %w: an id of %d bytes", cxr.ErrTooLarge, len(f.ID))
		case !utf8.ValidString(f.ID):
			return "", fmt.Errorf("shards: %w: an id that is not in UTF-8", cxr.ErrUnsupported)
		}
		r.add(f.ID, content, f.Values)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("shards: %w", err)
	}
	if name, err = writeShard(dir, number, a, &r); err != nil {
		return "", fmt.Errorf("shards: %w", err)
	}
	return name, nil
}

// ReadFiles is [Read] of some of a folder's shards, by the names of their files
// and in that order.
func ReadFiles(dir string, names ...string) (*Reader, error) { return readFiles(dir, names) }

// Content is that of the film's key.
func (r *Reader) Content(i int) string {
	s, row := r.find(i)
	content := s.key(row)
	return hex.EncodeToString(content[:])
}
