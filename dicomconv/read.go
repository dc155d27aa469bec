package dicomconv

import (
	"fmt"
	"io"
	"io/fs"

	"github.com/cxrkit/cxrkit/cxr"
)

// trustedSize is as much of the size that a file claims as is believed before
// its bytes are seen: a zip archive can claim anything.
const trustedSize = 32 << 20

// readAll reads r to its end, or fails after limit bytes.
func readAll(r io.Reader, limit int64, l *loan) ([]byte, error) {
	room := max(64<<10, min(size(r), limit, trustedSize)+1) // the end is seen without growing
	l.add(room)
	b := make([]byte, 0, room)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, fmt.Errorf("%w: file of more than %d bytes", cxr.ErrTooLarge, limit)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		case len(b) < cap(b):
			continue
		}
		room = min(2*int64(cap(b)), limit+1)
		l.add(room)
		grown := make([]byte, len(b), room)
		copy(grown, b)
		l.add(-int64(cap(b)))
		b = grown
	}
}

// size is how much r will give, as far as it can tell; else 0.
func size(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}
