package dicomscan

import (
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// Limits bound what a file may ask for. All must be positive.
type Limits struct {
	Elements int   // data elements, nested ones included
	Depth    int   // sequences and items within each other
	Pixels   int64 // frames x rows x columns
	Inflated int64 // bytes of a deflated data set

	Inflating func(bytes int64) // is told, and may wait, before memory for an inflated data set is taken; may be nil
}

// A File is what [Scan] found. It aliases the bytes scanned, unless they were
// deflated.
type File struct {
	TransferSyntax string // "" if the file names none
	BigEndian      bool
	Elements       []Element // of the data set, in file order; the first of each tag
	PixelData      PixelData

	// PatientID is the value of Patient ID (0010,0020), for keyed pseudonyms
	// alone. It is no part of Elements, nor of Header.
	PatientID []byte

	// Stream is, of encapsulated pixel data and by ScanHeader alone, the beginning
	// of the first fragment, as much of it as there is.
	Stream []byte

	kept int // bytes of Elements
}

// maxKept bounds the attributes, the largest of which are look-up tables of
// 128 KiB: they are copied more often than anything else of the file.
const maxKept = 4 << 20

// An Element is one of the attributes.
type Element struct {
	Tag   Tag
	Value []byte      // as in the file; nil for a sequence
	Items [][]Element // of a sequence
}

// PixelData is where the pixels are. Frame tells one frame from the next.
type PixelData struct {
	Tag          Tag   // zero: the file has no pixel data
	Words        bool  // VR is OW, so 8-bit samples of a big-endian file are swapped
	Length       int64 // claimed, of native data
	Native       []byte
	Fragments    [][]byte // encapsulated data without the offset table
	Offsets      []uint64 // of the frames from the first fragment's item, if the file tells
	starts       []uint64 // of the fragments' items, likewise
	Encapsulated bool
}

// ErrNotDICOM says that a file has neither the mark of DICOM nor the beginning
// of a data set. It is a cxr.ErrUnsupported.
var ErrNotDICOM = fmt.Errorf("%w: not a DICOM file", cxr.ErrUnsupported)

// Scan walks over the file b, up to and with its pixel data: what comes after
// that bears on no picture, and archives have left all sorts of bytes there.
//
// Errors wrap cxr.ErrUnsupported (not DICOM), ErrTruncated, ErrCorrupt or
// ErrTooLarge and name the byte.
func Scan(b []byte, lim Limits) (*File, error) { return scan(b, lim, false) }

// ScanHeader walks over b up to the pixel data, of which it tells no more than
// Tag, Encapsulated and Length: b may end there.
func ScanHeader(b []byte, lim Limits) (*File, error) { return scan(b, lim, true) }

func scan(b []byte, lim Limits, headerOnly bool) (*File, error) {
	f := &File{}
	walked := 0
	c := &cursor{b: b, walked: &walked, maxWalked: lim.Elements, maxDepth: lim.Depth}
	if err := f.meta(c); err != nil {
		return nil, err
	}
	if f.TransferSyntax == deflated {
		if plainDataSet(b[c.pos:]) {
			return nil, fmt.Errorf("%w: the transfer syntax says that the data set at byte %d is deflated, and it is not", cxr.ErrCorrupt, c.pos)
		}
		z, err := inflate(b[c.pos:], lim, headerOnly)
		if err != nil {
			return nil, err
		}
		c.b, c.pos = z, 0
	}
	if err := f.detect(c); err != nil {
		return nil, err
	}
	if err := f.dataSet(c, headerOnly); err != nil {
		return nil, err
	}
	return f, nil
}

// meta reads preamble and File Meta Information (PS3.10 7.1), all of which may
// be missing. The group's length is not needed and often wrong.
func (f *File) meta(c *cursor) error {
	switch {
	case len(c.b) >= preambleLength+4 && string(c.b[preambleLength:preambleLength+4]) == magic:
		c.pos = preambleLength + 4
	case len(c.b) >= 4 && string(c.b[:4]) == magic:
		c.pos = 4
	}
	for c.rest() >= 8 && c.b[c.pos] == 2 && c.b[c.pos+1] == 0 { // group 0002, little endian
		h, err := c.head()
		if err != nil {
			return err
		}
		v, err := c.value(h)
		if err != nil {
			return err
		}
		if h.tag == tagTransferSyntax {
			f.TransferSyntax = strings.TrimRight(string(v), " \x00")
		}
	}
	if c.pos == 0 && !plausible(c.b) {
		return ErrNotDICOM
	}
	return nil
}

// plausible reports whether b, without preamble and meta group, can be a data
// set: it begins with a low standard group, as no text does.
func plausible(b []byte) bool {
	low := func(v byte) bool { return v >= 4 && v <= 0x28 && v%2 == 0 }
	return len(b) >= 8 && (low(b[0]) && b[1] == 0 || b[0] == 0 && low(b[1]))
}

// detect sets the encoding of the data set. What the first element looks like
// overrules the transfer syntax: writers get the value representation wrong,
// and files without meta group say nothing.
func (f *File) detect(c *cursor) error {
	if c.rest() < 8 {
		return fmt.Errorf("%w: no data set after byte %d", cxr.ErrTruncated, c.pos)
	}
	b := c.b[c.pos:]
	c.big = f.TransferSyntax == explicitBig
	if f.TransferSyntax == "" {
		c.big = b[0] == 0 && b[1] != 0
	}
	f.BigEndian = c.big
	_, known := knownVR(b[4:])
	if c.implicit = !known; c.implicit && hasVRs(f.TransferSyntax) {
		at := *c
		group := at.uint16()
		tag := Tag(group)<<16 | Tag(at.uint16())
		vr, _ := at.form(tag)
		c.implicit = vr == ""
	}
	return nil
}

// dataSet walks over the elements of the data set, to the end of the pixel data.
func (f *File) dataSet(c *cursor, headerOnly bool) error {
	for c.rest() > 0 {
		h, err := c.head()
		if err != nil {
			return err
		}
		if h.tag == TagPixelData || h.tag == TagFloatPixelData || h.tag == TagDoublePixelData {
			return f.pixelData(c, h, headerOnly)
		}
		if err := f.element(c, h); err != nil {
			return err
		}
	}
	return nil
}

// element reads or skips the value of one element of the data set.
func (f *File) element(c *cursor, h head) error {
	take := c.value
	if h.length == undefinedLength {
		take = c.undefined
	}
	v, err := take(h)
	if err != nil {
		return err
	}
	if h.tag == tagExtendedOffsets && len(v)%8 == 0 {
		for ; len(v) > 0; v = v[8:] {
			f.PixelData.Offsets = append(f.PixelData.Offsets, c.order().Uint64(v))
		}
		return nil
	}
	vr, kept := attributes[h.tag]
	if h.tag == tagPatientID && f.PatientID == nil {
		f.PatientID = v
	}
	if !kept || f.Element(h.tag) != nil {
		return nil
	}
	if f.kept += len(v); f.kept > maxKept {
		return fmt.Errorf("%w: more than %d bytes of look-up tables", cxr.ErrTooLarge, maxKept)
	}
	e := Element{Tag: h.tag, Value: c.textual(vr, h.vr, v)}
	if vr == "SQ" {
		e.Value = nil
		if e.Items, err = c.items(h, v); err != nil {
			return err
		}
	}
	f.Elements = append(f.Elements, e)
	return nil
}

// items are the attributes of each item in v, the value of the sequence h.
func (c *cursor) items(h head, v []byte) ([][]Element, error) {
	in := *c
	in.b, in.pos = v, 0
	in.implicit = in.implicitWithin(h)
	var items [][]Element
	for in.rest() > 0 {
		h, err := in.head()
		if err != nil {
			return nil, err
		}
		if h.tag == tagSequenceEnd {
			break
		}
		if h.tag == tagItemEnd && h.length == 0 { // stray
			continue
		}
		if h.tag != tagItem {
			return nil, fmt.Errorf("%w: another element where an item was due, %d bytes into a sequence", cxr.ErrCorrupt, h.at)
		}
		item, err := in.item(h)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// item is the attributes of the item that begins with h, nested sequences left
// out.
func (c *cursor) item(h head) ([]Element, error) {
	in := *c
	if h.length != undefinedLength {
		v, err := c.value(h)
		if err != nil {
			return nil, err
		}
		in.b, in.pos = v, 0
	}
	var elements []Element
	for in.rest() > 0 {
		e, err := in.head()
		if err != nil {
			return nil, err
		}
		if e.tag == tagItemEnd {
			break
		}
		if e.tag == tagSequenceEnd && h.length == undefinedLength { // the item has no delimiter
			in.pos = e.at
			break
		}
		take := in.value
		if e.length == undefinedLength {
			take = in.undefined
		}
		v, err := take(e)
		if err != nil {
			return nil, err
		}
		if vr, kept := attributes[e.tag]; kept && vr != "SQ" {
			elements = append(elements, Element{Tag: e.tag, Value: in.textual(vr, e.vr, v)})
		}
	}
	if h.length == undefinedLength {
		c.pos = in.pos
	}
	return elements, nil
}

// Element is the attribute of the data set with tag t, or nil.
func (f *File) Element(t Tag) *Element {
	for i := range f.Elements {
		if f.Elements[i].Tag == t {
			return &f.Elements[i]
		}
	}
	return nil
}
