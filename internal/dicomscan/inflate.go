package dicomscan

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
)

const (
	inflatedHeader  = 4 << 20 // of a deflated data set, all that may come before the pixel data
	inflatedTrailer = 1 << 20 // and after it
	maxDeflation    = 1040    // inflated bytes of a deflated one, at most (RFC 1951: 258 bytes of 2 bits)
)

// inflate is the data set deflated in src, no more of it than its own header
// explains: a bomb is found before it goes off. With headerOnly it is the part
// before the pixel data, or more, and src may be cut.
func inflate(src []byte, lim Limits, headerOnly bool) ([]byte, error) {
	z := flate.NewReader(bytes.NewReader(src))
	head := min(inflatedHeader, lim.Inflated+1, maxDeflation*int64(len(src))+1)
	lim.inflating(head)
	b, err := readUpTo(z, nil, head)
	if err == nil && !headerOnly {
		size, bad := inflatedSize(b, lim)
		if bad != nil {
			return nil, bad
		}
		lim.inflating(size + 1)
		b, err = readUpTo(z, b, size+1)
	}
	switch {
	case int64(len(b)) > lim.Inflated, err == nil && !headerOnly:
		return nil, fmt.Errorf("%w: deflated data set of more than %d bytes", cxr.ErrTooLarge, len(b)-1)
	case err != nil && err != io.EOF && !headerOnly:
		return nil, fmt.Errorf("%w: deflated data set after %d bytes", cxr.ErrTruncated, len(b))
	}
	return b, nil
}

func (l Limits) inflating(bytes int64) {
	if l.Inflating != nil {
		l.Inflating(bytes)
	}
}

// readUpTo is b and what r gives after it, n bytes or, with an error, io.EOF at
// r's proper end, fewer.
func readUpTo(r io.Reader, b []byte, n int64) ([]byte, error) {
	whole := make([]byte, n)
	have := copy(whole, b)
	for have < len(whole) {
		k, err := r.Read(whole[have:])
		have += k
		if err != nil {
			return whole[:have], err
		}
	}
	return whole, nil
}

// inflatedSize is the most a data set that begins as b can need.
func inflatedSize(b []byte, lim Limits) (int64, error) {
	f, walked := &File{TransferSyntax: deflated}, 0
	c := &cursor{b: b, walked: &walked, maxWalked: lim.Elements, maxDepth: lim.Depth}
	if err := f.detect(c); err != nil {
		return 0, err
	}
	if err := f.dataSet(c, true); err != nil {
		return 0, fmt.Errorf("%w: more than %d bytes before the pixel data", cxr.ErrTooLarge, len(b))
	}
	g := f.Geometry()
	if err := g.Check(lim.Pixels); err != nil {
		return 0, err
	}
	size := int64(c.pos) + g.NativeBytes() + inflatedTrailer
	if size > lim.Inflated {
		return 0, fmt.Errorf("%w: deflated data set of %d bytes", cxr.ErrTooLarge, size)
	}
	return max(size, int64(len(b))), nil
}
