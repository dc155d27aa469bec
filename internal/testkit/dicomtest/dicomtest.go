// Package dicomtest writes DICOM files for tests, in any native transfer syntax
// and with every oddity that real writers have shown.
package dicomtest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
)

// Transfer syntaxes.
const (
	ImplicitLittle = "1.2.840.10008.1.2"
	ExplicitLittle = "1.2.840.10008.1.2.1"
	Deflated       = "1.2.840.10008.1.2.1.99"
	ExplicitBig    = "1.2.840.10008.1.2.2"
	JPEGBaseline   = "1.2.840.10008.1.2.4.50"
	RLE            = "1.2.840.10008.1.2.5"
)

// Tags of the elements that tests set most.
const (
	Modality        = 0x00080060
	ViewPosition    = 0x00185101
	SamplesPerPixel = 0x00280002
	Photometric     = 0x00280004
	Frames          = 0x00280008
	Rows            = 0x00280010
	Columns         = 0x00280011
	BitsAllocated   = 0x00280100
	BitsStored      = 0x00280101
	HighBit         = 0x00280102
	Signed          = 0x00280103 // Pixel Representation
	Padding         = 0x00280120
	PaddingLimit    = 0x00280121
	BurnedIn        = 0x00280301
	WindowCenter    = 0x00281050
	WindowWidth     = 0x00281051
	Intercept       = 0x00281052
	Slope           = 0x00281053
	VOIFunction     = 0x00281056
	ModalityLUT     = 0x00283000
	LUTDescriptor   = 0x00283002
	LUTData         = 0x00283006
	VOILUT          = 0x00283010
	PixelData       = 0x7fe00010
)

// A File is a DICOM file to be. Elements are written in order of their tags.
type File struct {
	Syntax     string // what the meta group says
	Encoding   string // how the data set is written, if not as Syntax says
	NoPreamble bool
	NoMeta     bool
	Undefined  bool   // sequences and items have undefined length
	Trailer    []byte // after the data set
	elements   map[uint32]element
}

type element struct {
	vr    string
	value any
}

// Fragments is the value of encapsulated pixel data: the first is the offset
// table.
type Fragments [][]byte

// Raw is a value, delimiter and all, of an element of undefined length.
type Raw []byte

// Film is a file of rows x columns pixels of 16 bits, all zero, MONOCHROME2.
func Film(rows, columns int) *File {
	f := &File{Syntax: ExplicitLittle, elements: map[uint32]element{}}
	return f.
		Set(0x00080018, "UI", "2.25.1").
		Set(Modality, "CS", "DX").
		Set(SamplesPerPixel, "US", 1).
		Set(Photometric, "CS", "MONOCHROME2").
		Set(Rows, "US", rows).
		Set(Columns, "US", columns).
		Set(BitsAllocated, "US", 16).
		Set(BitsStored, "US", 16).
		Set(HighBit, "US", 15).
		Set(Signed, "US", 0).
		Set(PixelData, "OW", make([]uint16, rows*columns))
}

// Set sets an element, to a string, an int or []int (of 16 bits), []uint16,
// []byte (as it is), Raw, Fragments, or []*File (items of a sequence).
func (f *File) Set(tag uint32, vr string, value any) *File {
	f.elements[tag] = element{vr, value}
	return f
}

// Item is an item of a sequence, without elements.
func Item() *File { return &File{elements: map[uint32]element{}} }

// Remove removes an element.
func (f *File) Remove(tag uint32) *File {
	delete(f.elements, tag)
	return f
}

// Bits sets bits allocated, bits stored with the high bit that belongs to it,
// and the sign.
func (f *File) Bits(allocated, stored int, signed bool) *File {
	sign := 0
	if signed {
		sign = 1
	}
	return f.Set(BitsAllocated, "US", allocated).Set(BitsStored, "US", stored).
		Set(HighBit, "US", stored-1).Set(Signed, "US", sign)
}

// Window sets Window Center and Window Width.
func (f *File) Window(center, width string) *File {
	return f.Set(WindowCenter, "DS", center).Set(WindowWidth, "DS", width)
}

// Bytes is the file.
func (f *File) Bytes() []byte {
	var b []byte
	if !f.NoPreamble {
		b = append(make([]byte, 128), "DICM"...)
	}
	if !f.NoMeta {
		w := writer{}
		syntax := (&File{}).encode(&w, 0x00020010, element{"UI", f.Syntax})
		length := (&File{}).encode(&writer{}, 0x00020000, element{"UL", binary.LittleEndian.AppendUint32(nil, uint32(len(syntax)))})
		b = append(append(b, length...), syntax...)
	}
	encoding := f.Encoding
	if encoding == "" {
		encoding = f.Syntax
	}
	w := &writer{big: encoding == ExplicitBig, implicit: encoding == ImplicitLittle, undefined: f.Undefined}
	data := append(f.dataSet(w), f.Trailer...)
	if encoding == Deflated {
		data = deflate(data)
	}
	return append(b, data...)
}

func deflate(b []byte) []byte {
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, flate.BestSpeed) // its only error is a bad level
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// A writer is the encoding of a data set.
type writer struct{ big, implicit, undefined bool }

func (w *writer) order() binary.AppendByteOrder {
	if w.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (f *File) dataSet(w *writer) []byte {
	var tags []uint32
	for t := range f.elements {
		tags = append(tags, t)
	}
	slices.Sort(tags)
	var b []byte
	for _, t := range tags {
		b = append(b, f.encode(w, t, f.elements[t])...)
	}
	return b
}

// encode is one element.
func (f *File) encode(w *writer, tag uint32, e element) []byte {
	o := w.order()
	b := o.AppendUint16(o.AppendUint16(nil, uint16(tag>>16)), uint16(tag))
	value, length := f.value(w, e)
	switch {
	case w.implicit:
		b = o.AppendUint32(b, length)
	case slices.Contains([]string{"OB", "OW", "OF", "OD", "OV", "SQ", "UN", "UT"}, e.vr):
		b = o.AppendUint32(append(append(b, e.vr...), 0, 0), length)
	default:
		b = o.AppendUint16(append(b, e.vr...), uint16(length))
	}
	return append(b, value...)
}

const undefined = 0xffffffff

// value is the bytes of a value and the length to be written.
func (f *File) value(w *writer, e element) ([]byte, uint32) {
	o := w.order()
	var b []byte
	words := func(v []uint16) {
		for _, v := range v {
			b = o.AppendUint16(b, v)
		}
	}
	switch v := e.value.(type) {
	case string:
		b = []byte(v)
		if len(b)%2 == 1 {
			fill := byte(' ')
			if e.vr == "UI" {
				fill = 0
			}
			b = append(b, fill)
		}
	case int:
		words([]uint16{uint16(v)})
	case []int:
		for _, v := range v {
			words([]uint16{uint16(v)})
		}
	case []uint16:
		words(v)
	case []byte:
		b = v
	case Raw:
		return v, undefined
	case Fragments:
		for _, v := range v {
			b = append(f.head(w, b, 0xe000, uint32(len(v))), v...)
		}
		return f.head(w, b, 0xe0dd, 0), undefined
	case []*File:
		return f.items(w, v)
	default:
		panic(fmt.Sprintf("dicomtest: value of type %T", v))
	}
	return b, uint32(len(b))
}

func (f *File) items(w *writer, items []*File) ([]byte, uint32) {
	var b []byte
	for _, item := range items {
		v := item.dataSet(w)
		if w.undefined {
			b = append(f.head(w, b, 0xe000, undefined), v...)
			b = f.head(w, b, 0xe00d, 0)
		} else {
			b = append(f.head(w, b, 0xe000, uint32(len(v))), v...)
		}
	}
	if w.undefined {
		return f.head(w, b, 0xe0dd, 0), undefined
	}
	return b, uint32(len(b))
}

// head appends an item's tag and length.
func (f *File) head(w *writer, b []byte, element uint16, length uint32) []byte {
	o := w.order()
	return o.AppendUint32(o.AppendUint16(o.AppendUint16(b, 0xfffe), element), length)
}
