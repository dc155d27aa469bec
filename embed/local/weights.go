package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// weights reads external weights by their ranges, each range once. Together they
// are no more than the files hold, so that a small file cannot fill the memory by
// naming the same bytes again and again.
type weights struct {
	fsys   fs.FS
	dir    string
	digest io.Writer
	read   map[string]int64 // bytes taken of each file
	ranges map[extent][]byte
}

type extent struct {
	name           string
	offset, length int64
}

func newWeights(fsys fs.FS, dir string, digest io.Writer) onnx.Reader {
	w := &weights{fsys: fsys, dir: dir, digest: digest, read: map[string]int64{}, ranges: map[extent][]byte{}}
	return w.part
}

// part keeps to fsys by fs.ValidPath.
func (w *weights) part(location string, offset, length int64) ([]byte, error) {
	name := path.Join(w.dir, location)
	if !fs.ValidPath(name) || path.IsAbs(location) {
		return nil, fmt.Errorf("%w: weights at %q", cxr.ErrUnsupported, location)
	}
	key := extent{name, offset, length}
	if data, ok := w.ranges[key]; ok {
		w.digest.Write(data)
		return data, nil
	}
	f, err := w.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: weights at %q, which is no file", cxr.ErrUnsupported, location)
	}
	if length > about.Size() || offset > about.Size()-length {
		return nil, fmt.Errorf("%w: %s has %d bytes, weights are at %d to %d", cxr.ErrTruncated, location, about.Size(), offset, offset+length)
	}
	if w.read[name] += length; w.read[name] > about.Size() {
		return nil, fmt.Errorf("%w: weights of more bytes than the %d of %s", cxr.ErrCorrupt, about.Size(), location)
	}
	data := make([]byte, length)
	if err := readRange(f, data, offset); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	w.ranges[key] = data
	w.digest.Write(data)
	return data, nil
}

// readRange fills data from an offset of a file.
func readRange(f fs.File, data []byte, offset int64) error {
	var err error
	switch f := f.(type) {
	case io.ReaderAt:
		_, err = io.ReadFull(io.NewSectionReader(f, offset, int64(len(data))), data)
	default:
		if _, err = io.CopyN(io.Discard, f, offset); err == nil {
			_, err = io.ReadFull(f, data)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return cxr.ErrTruncated
	}
	return err
}
