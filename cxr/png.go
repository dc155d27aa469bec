package cxr

import (
	"bytes"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/internal/graypng"
)

// PNGOptions choose how a PNG is written. Nil is the default.
type PNGOptions struct {
	Small bool // 1 to 18 % smaller, tens of times slower
}

// EncodePNG writes m to w as a gray PNG of m.Depth bits. The file holds the
// pixels and nothing else, no text, time or name, and its bytes depend on the
// pixels and the options alone. All cores help; beside m some megabytes of
// memory are in use, never the whole file.
//
// The error is that of [Image.Validate] before anything is written, or the
// writer's.
func (m *Image) EncodePNG(w io.Writer, o *PNGOptions) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("encode png: %w", err)
	}
	small := o != nil && o.Small
	if err := graypng.Encode(w, m.Width, m.Height, m.Depth, m.Pix, small); err != nil {
		return fmt.Errorf("encode png: %w", err)
	}
	return nil
}

// PNG is m as a PNG file, by which notebooks show it; nil if m is not valid.
// Use [Image.EncodePNG] for the reason.
func (m *Image) PNG() []byte {
	var b bytes.Buffer
	if m.EncodePNG(&b, nil) != nil {
		return nil
	}
	return b.Bytes()
}
