package dicomconv

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"io/fs"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Converter makes Images by the options it was made with. It is safe for
// concurrent use.
type Converter struct {
	o   Options
	err error // of invalid options
}

// New is a Converter with options o, nil being the defaults. Invalid options make
// every method fail.
func New(o *Options) *Converter {
	c := &Converter{o: o.withDefaults()}
	c.err = c.o.validate()
	return c
}

// Normalize makes an Image of the file that r reads, DICOM, PNG, JPEG or TIFF
// as its first bytes tell.
//
// The error wraps, of package cxr: ErrUnsupported (another kind of file, a
// transfer syntax without decoder), ErrTruncated, ErrCorrupt, ErrTooLarge, or
// for what a policy refuses ErrNotFrontal, ErrBurnedIn, ErrColor,
// ErrMultiFrame, ErrModality.
func (c *Converter) Normalize(r io.Reader) (*cxr.Image, error) {
	m, _, err := c.normalize(r)
	return m, err
}

// normalize is Normalize, which learns the Info on the way if Options.ID needs
// it.
func (c *Converter) normalize(r io.Reader) (m *cxr.Image, info Info, err error) {
	if c.err != nil {
		return nil, Info{}, fmt.Errorf("dicomconv: options: %w", c.err)
	}
	b, err := readAll(r, c.o.Limits.Bytes)
	if err != nil {
		return nil, Info{}, err
	}
	if format := sniff(b); format != "" {
		if m, err = c.picture(format, b); err != nil {
			return nil, Info{}, err
		}
		return m, Info{Format: format, Width: m.Width, Height: m.Height, Frames: 1}, nil
	}
	f, err := c.parse(b)
	if err != nil {
		return nil, Info{}, err
	}
	if c.o.ID != nil { // before the pixels, which change what the header says
		var head stream
		if len(f.pixels.Fragments) > 0 {
			head, _ = readStream(f.pixels.Fragments[0])
		}
		info = c.info(f.header, head)
	}
	m, err = c.convert(f)
	return m, info, err
}

// FromDataset makes an Image of a data set that the caller has parsed, with its
// pixel data native, encapsulated or unprocessed.
//
// That parser is trusted here: this is no way to open files from strangers.
func (c *Converter) FromDataset(ds dicom.Dataset) (*cxr.Image, error) {
	if c.err != nil {
		return nil, fmt.Errorf("dicomconv: options: %w", c.err)
	}
	f, err := fromDataset(ds)
	if err != nil {
		return nil, err
	}
	return c.convert(f)
}

// convert makes the picture.
func (c *Converter) convert(f *film) (*cxr.Image, error) {
	switch {
	case f.pixels.Tag == 0 && f.Rows == 0:
		return nil, fmt.Errorf("%w: no image in the file", cxr.ErrUnsupported)
	case f.pixels.Tag == 0:
		return nil, fmt.Errorf("%w: no pixel data", cxr.ErrTruncated)
	}
	if err := c.o.allow(f.header); err != nil {
		return nil, err
	}
	s, err := f.stored(&c.o)
	if err != nil {
		return nil, err
	}
	pix, depth, err := c.o.gray(f.header, s)
	if err != nil {
		return nil, err
	}
	m := &cxr.Image{Width: f.Columns, Height: f.Rows, Depth: depth, Pix: pix, View: f.view, Recipe: c.o.Recipe}
	if f.shutter != nil && c.o.Recipe == cxr.Standard {
		f.shutter.close(m)
	}
	if c.o.PseudonymKey != nil && f.instance != "" {
		m.ID = Pseudonym(c.o.PseudonymKey, f.instance)
	}
	return m, nil
}

// Pseudonym is a name for id that only holders of key can connect with it: 26
// characters A-Z and 2-7, the first 130 bits of HMAC-SHA-256. UIDs and file
// names can be guessed, so a bare hash of them would hide nothing.
func Pseudonym(key []byte, id string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:26]
}

// trustedSize is as much of the size that a file claims as is believed before
// its bytes are seen: a zip archive can claim anything.
const trustedSize = 32 << 20

// readAll reads r to its end, or fails after limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if n := min(size(r), limit, trustedSize); n > 0 {
		b.Grow(int(n) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("%w: file of more than %d bytes", cxr.ErrTooLarge, limit)
	}
	return b.Bytes(), nil
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
