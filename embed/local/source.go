package local

import (
	"bytes"
	"io"
	"io/fs"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A source is a model to be read once, of a known size.
type source struct {
	io.Reader
	size int64
}

// sourceOf is the source in an open file. What is no regular file, and does not tell
// its size, is read first.
func sourceOf(f fs.File) (source, error) {
	about, err := f.Stat()
	if err != nil {
		return source{}, err
	}
	if about.Mode().IsRegular() {
		return source{io.LimitReader(f, about.Size()), about.Size()}, nil
	}
	data, err := io.ReadAll(f)
	return held(data), err
}

// held is the source in memory.
func held(data []byte) source { return source{bytes.NewReader(data), int64(len(data))} }

// parse reads the model, and has it hashed on the way.
func (s source) parse(digest io.Writer, external onnx.Reader) (*onnx.Model, error) {
	return onnx.Read(&hashed{s, digest}, s.size, external)
}

// hashed is a reader of which a digest gets all that is read, in parts that are not
// long to wait for.
type hashed struct {
	io.Reader
	digest io.Writer
}

func (h *hashed) Read(p []byte) (int, error) {
	const most = 1 << 20
	n, err := h.Reader.Read(p[:min(len(p), most)])
	if n > 0 {
		h.digest.Write(p[:n])
	}
	return n, err
}
