package dicomscan

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
)

const (
	inflatedHeader  = 4 << 20 // of a deflated data set, all that may come before the pixel data
	inflatedTrailer = 1 << 20 // and after it
)

// inflate is the data set deflated in src, no more of it than its own header
// explains: a bomb is found before it goes off. With headerOnly it is the part
// before the pixel data, or more.
func inflate(src []byte, lim Limits, headerOnly bool) ([]byte, error) {
	z := flate.NewReader(bytes.NewReader(src))
	var b bytes.Buffer
	_, err := io.CopyN(&b, z, min(inflatedHeader, lim.Inflated+1))
	switch {
	case errors.Is(err, io.EOF): // all of it
	case err != nil && !headerOnly:
		return nil, fmt.Errorf("%w: deflated data set after %d bytes", cxr.ErrTruncated, b.Len())
	case headerOnly:
	default:
		size, err := inflatedSize(b.Bytes(), lim)
		if err != nil {
			return nil, err
		}
		b.Grow(int(size) - b.Len())
		if _, err := io.CopyN(&b, z, size+1-int64(b.Len())); err == nil {
			return nil, fmt.Errorf("%w: deflated data set of more than %d bytes", cxr.ErrTooLarge, size)
		} else if !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: deflated data set after %d bytes", cxr.ErrTruncated, b.Len())
		}
	}
	if int64(b.Len()) > lim.Inflated {
		return nil, fmt.Errorf("%w: deflated data set of more than %d bytes", cxr.ErrTooLarge, lim.Inflated)
	}
	return b.Bytes(), nil
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
