package dicomconv

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Converter makes Images by the options it was made with. It is safe for
// concurrent use.
type Converter struct {
	o      Options
	err    error // of invalid options
	memory *memory
}

// New is a Converter with options o, nil being the defaults. Invalid options make
// every method fail.
func New(o *Options) *Converter {
	c := &Converter{o: o.withDefaults()}
	c.err = c.o.validate()
	c.memory = newMemory(c.o.Limits.Memory)
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
	l := c.memory.open()
	defer l.end()
	return c.normalizeOn(l, r)
}

// normalizeOn is normalize with its memory taken from a loan.
func (c *Converter) normalizeOn(l *loan, r io.Reader) (m *cxr.Image, info Info, err error) {
	b, err := readAll(r, c.o.Limits.Bytes, l)
	if err != nil {
		return nil, Info{}, err
	}
	if format := sniff(b); format != "" {
		if m, err = c.picture(format, b, l); err != nil {
			return nil, Info{}, err
		}
		return m, Info{Format: format, Width: m.Width, Height: m.Height, Frames: 1}, nil
	}
	f, err := c.parse(b, l)
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
	m, err = c.convert(f, l)
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
	l := c.memory.open()
	defer l.end()
	return c.convert(f, l)
}

// convert makes the picture, whose decoding is charged to the loan.
func (c *Converter) convert(f *film, l *loan) (*cxr.Image, error) {
	switch {
	case f.pixels.Tag == 0 && f.Rows == 0:
		return nil, fmt.Errorf("%w: no image in the file", cxr.ErrUnsupported)
	case f.pixels.Tag == 0:
		return nil, fmt.Errorf("%w: no pixel data", cxr.ErrTruncated)
	}
	if err := c.o.allow(f.header); err != nil {
		return nil, err
	}
	l.add(f.cost())
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
