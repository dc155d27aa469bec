package dicomconv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/frame"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// Transfer syntaxes of native pixel data.
const (
	implicitLittle = "1.2.840.10008.1.2"
	explicitLittle = "1.2.840.10008.1.2.1"
	deflatedLittle = "1.2.840.10008.1.2.1.99"
	explicitBig    = "1.2.840.10008.1.2.2"
)

// A film is one parsed DICOM file.
type film struct {
	*header
	pixels    dicomscan.PixelData
	bigEndian bool // of native pixels
}

// parse reads a DICOM file. The pre-scan comes first; the parser then sees a
// header that the pre-scan has rebuilt of the attributes needed.
func (c *Converter) parse(b []byte, l *loan) (*film, error) {
	limits := c.o.Limits.scan()
	limits.Inflating = l.add
	s, err := dicomscan.Scan(b, limits)
	if err != nil {
		return nil, scanError(err)
	}
	h, err := parseHeader(s)
	if err != nil {
		return nil, err
	}
	return &film{header: h, pixels: s.PixelData, bigEndian: s.BigEndian}, nil
}

// scanError says of a file without a format which ones there are.
func scanError(err error) error {
	if err == dicomscan.ErrNotDICOM {
		return fmt.Errorf("%w: not a DICOM, PNG, JPEG or TIFF file", cxr.ErrUnsupported)
	}
	return err
}

func (l Limits) scan() dicomscan.Limits {
	return dicomscan.Limits{Elements: l.Elements, Depth: l.Depth, Pixels: l.Pixels, Inflated: l.Inflated}
}

// parseHeader has the rebuilt header parsed. The parser has panicked on less.
func parseHeader(s *dicomscan.File) (h *header, err error) {
	defer func() {
		if recover() != nil {
			h, err = nil, fmt.Errorf("%w: header", cxr.ErrCorrupt)
		}
	}()
	b := s.Header()
	ds, err := dicom.Parse(bytes.NewReader(b), int64(len(b)), nil, dicom.SkipPixelData())
	if err != nil {
		return nil, fmt.Errorf("%w: header", cxr.ErrCorrupt) // the parser's message can quote values
	}
	if h, err = readHeader(ds, s.TransferSyntax); err == nil {
		h.patient = strings.Trim(string(s.PatientID), dicomscan.Blanks)
	}
	return h, err
}

// fromDataset is the film of a data set parsed by the caller.
func fromDataset(ds dicom.Dataset) (*film, error) {
	a := attributes(ds.Elements)
	h, err := readHeader(ds, a.text(tag.TransferSyntaxUID))
	if err != nil {
		return nil, err
	}
	h.patient = a.text(tag.PatientID)
	f := &film{header: h, bigEndian: h.syntax == explicitBig}
	for _, e := range ds.Elements {
		if e == nil || e.Tag != tag.PixelData || e.Value == nil {
			continue
		}
		info, ok := e.Value.GetValue().(dicom.PixelDataInfo)
		if !ok || info.IntentionallySkipped {
			return nil, fmt.Errorf("%w: data set without its pixel data", cxr.ErrUnsupported)
		}
		f.pixels.Tag = dicomscan.TagPixelData
		f.pixels.Words = e.RawValueRepresentation != "OB"
		return f, f.take(info)
	}
	return f, nil
}

// take brings pixel data as the parser holds it into the form of the scan.
func (f *film) take(info dicom.PixelDataInfo) error {
	switch {
	case info.ParseErr != nil:
		return fmt.Errorf("%w: pixel data that the parser gave up on", cxr.ErrCorrupt)
	case info.IntentionallyUnprocessed:
		f.pixels.Native = info.UnprocessedValueData
		return nil
	}
	f.pixels.Encapsulated = info.IsEncapsulated
	for _, fr := range info.Frames {
		if fr == nil {
			return fmt.Errorf("%w: nil frame", cxr.ErrCorrupt)
		}
		if info.IsEncapsulated { // one "frame" a fragment; the offset table is lost
			f.pixels.Fragments = append(f.pixels.Fragments, fr.EncapsulatedData.Data)
			continue
		}
		if err := f.takeNative(fr); err != nil {
			return err
		}
	}
	if !info.IsEncapsulated && f.BitsAllocated != 8 {
		f.bigEndian = false // takeNative writes little endian
	}
	return nil
}

// takeNative appends a parsed frame as the bytes of a little-endian file. The
// parser leaves the bytes of 8-bit words unswapped, and reads single bits the
// wrong way round: first is lowest (PS3.5 8.1.1).
func (f *film) takeNative(fr *frame.Frame) error {
	if fr.NativeData == nil {
		return fmt.Errorf("%w: frame without data", cxr.ErrCorrupt)
	}
	switch raw := fr.NativeData.RawDataSlice().(type) {
	case []int: // single bits
		packed := make([]byte, (len(raw)+7)/8)
		for i, v := range raw {
			packed[i/8] |= byte(v&1) << (7 - i%8)
		}
		f.pixels.Native = append(f.pixels.Native, packed...)
	case []uint8:
		f.pixels.Native = append(f.pixels.Native, raw...)
	case []uint16:
		for _, v := range raw {
			f.pixels.Native = binary.LittleEndian.AppendUint16(f.pixels.Native, v)
		}
	case []uint32:
		for _, v := range raw {
			f.pixels.Native = binary.LittleEndian.AppendUint32(f.pixels.Native, v)
		}
	default:
		return fmt.Errorf("%w: frame of %T", cxr.ErrUnsupported, raw)
	}
	return nil
}
