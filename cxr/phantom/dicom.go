package phantom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/frame"
	"github.com/suyashkumar/dicom/pkg/tag"
	"github.com/suyashkumar/dicom/pkg/uid"
)

// An Encoding is one of the ways X-ray rooms store the same film.
type Encoding int

// Encodings of a film. All say the view (PA) and a window that shows the film
// as it was drawn.
const (
	Mono2        Encoding = iota // 12 bits in 16, high is bright
	Mono1                        // 12 bits in 16, high is dark
	Mono1Rescale                 // as Mono1, with a modality rescale before the window
	JPEGBaseline                 // 8 bits, JPEG process 1
	numEncodings
)

// Encoding is the one that the film's seed chooses: an archive mixes them all.
func (f Film) Encoding() Encoding { return Encoding(f.Seed % uint64(numEncodings)) }

const (
	jpegBaseline        = "1.2.840.10008.1.2.4.50"
	digitalXRay         = "1.2.840.10008.5.1.4.1.1.1.1" // Digital X-Ray Image Storage, for presentation
	jpegQuality         = 95
	rescaleSlope        = 2.0
	rescaleIntercept    = -1000.0
	black12, white12    = 300, 3700 // stored values of 0 and 1: detectors leave headroom
	window12, windowMid = white12 - black12, (white12 + black12) / 2
)

// DICOM draws the film and encodes it as a DICOM file in its [Film.Encoding].
func (f Film) DICOM() []byte {
	var b bytes.Buffer
	if err := f.Draw().WriteDICOM(&b, f, f.Encoding()); err != nil {
		panic(err) // a Buffer takes everything, and the elements are ours
	}
	return b.Bytes()
}

// WriteDICOM writes the picture as a DICOM file with film's identity. The
// patient's name, number and birth date in it are invented, and there to test
// that nothing of the header gets out.
func (p *Picture) WriteDICOM(w io.Writer, film Film, e Encoding) error {
	elements := []struct {
		tag   tag.Tag
		value any
	}{
		{tag.SpecificCharacterSet, []string{"ISO_IR 100"}},
		{tag.SOPClassUID, []string{digitalXRay}},
		{tag.SOPInstanceUID, []string{film.instanceUID()}},
		{tag.Modality, []string{"DX"}},
		{tag.PatientName, []string{"Phantom^" + film.Patient}},
		{tag.PatientID, []string{"ID-" + film.Patient}},
		{tag.PatientBirthDate, []string{"19500101"}},
		{tag.ViewPosition, []string{"PA"}},
		{tag.SamplesPerPixel, []int{1}},
		{tag.PhotometricInterpretation, []string{e.photometric()}},
		{tag.Rows, []int{p.Height}},
		{tag.Columns, []int{p.Width}},
		{tag.BitsAllocated, []int{e.bits(8, 16)}},
		{tag.BitsStored, []int{e.bits(8, 12)}},
		{tag.HighBit, []int{e.bits(7, 11)}},
		{tag.PixelRepresentation, []int{0}},
		{tag.BurnedInAnnotation, []string{"NO"}},
	}
	ds := dicom.Dataset{}
	add := func(t tag.Tag, v any) error {
		el, err := dicom.NewElement(t, v)
		if err != nil {
			return fmt.Errorf("phantom: element %v: %w", t, err)
		}
		ds.Elements = append(ds.Elements, el)
		return nil
	}
	syntax := uid.ExplicitVRLittleEndian
	if e == JPEGBaseline {
		syntax = jpegBaseline
	}
	if err := add(tag.MediaStorageSOPClassUID, []string{digitalXRay}); err != nil {
		return err
	}
	if err := add(tag.MediaStorageSOPInstanceUID, []string{film.instanceUID()}); err != nil {
		return err
	}
	if err := add(tag.TransferSyntaxUID, []string{syntax}); err != nil {
		return err
	}
	for _, el := range elements {
		if err := add(el.tag, el.value); err != nil {
			return err
		}
	}
	if e != JPEGBaseline {
		center, width := e.window()
		if err := add(tag.WindowCenter, []string{center}); err != nil {
			return err
		}
		if err := add(tag.WindowWidth, []string{width}); err != nil {
			return err
		}
	}
	if e == Mono1Rescale {
		if err := add(tag.RescaleIntercept, []string{fmt.Sprint(rescaleIntercept)}); err != nil {
			return err
		}
		if err := add(tag.RescaleSlope, []string{fmt.Sprint(rescaleSlope)}); err != nil {
			return err
		}
	}
	pixels, err := p.pixelData(e)
	if err != nil {
		return err
	}
	if err := add(tag.PixelData, pixels); err != nil {
		return err
	}
	if pixels.IsEncapsulated {
		el := ds.Elements[len(ds.Elements)-1]
		el.ValueLength, el.RawValueRepresentation = tag.VLUndefinedLength, "OB" // PS3.5 A.4
	}
	if err := dicom.Write(w, ds); err != nil {
		return fmt.Errorf("phantom: %w", err)
	}
	return nil
}

func (f Film) instanceUID() string { return fmt.Sprintf("2.25.%d%d", f.Anatomy>>1, f.Seed>>1) }

func (e Encoding) photometric() string {
	if e == Mono1 || e == Mono1Rescale {
		return "MONOCHROME1"
	}
	return "MONOCHROME2"
}

// bits picks a value for 8-bit and for 12-bit encodings.
func (e Encoding) bits(eight, twelve int) int {
	if e == JPEGBaseline {
		return eight
	}
	return twelve
}

// window is the center and width, in modality units, that show black12..white12.
func (e Encoding) window() (center, width string) {
	c, w := float64(windowMid), float64(window12)
	if e != Mono2 {
		c = 4095 - c
	}
	if e == Mono1Rescale {
		c, w = c*rescaleSlope+rescaleIntercept, w*rescaleSlope
	}
	return fmt.Sprint(c), fmt.Sprint(w)
}

func (p *Picture) pixelData(e Encoding) (dicom.PixelDataInfo, error) {
	if e == JPEGBaseline {
		m := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
		for i, v := range p.Pix {
			m.Pix[i] = uint8(math.Round(255 * float64(v)))
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: jpegQuality}); err != nil {
			return dicom.PixelDataInfo{}, fmt.Errorf("phantom: %w", err)
		}
		if b.Len()%2 == 1 {
			b.WriteByte(0) // fragments have even length (PS3.5 A.4)
		}
		f := &frame.Frame{Encapsulated: true, EncapsulatedData: frame.EncapsulatedFrame{Data: b.Bytes()}}
		return dicom.PixelDataInfo{IsEncapsulated: true, Frames: []*frame.Frame{f}}, nil
	}
	// Handed over as bytes: the writer's own loop takes a reflection per sample.
	raw := make([]byte, 0, 2*len(p.Pix))
	for _, v := range p.Pix {
		s := uint16(math.Round(black12 + window12*float64(v)))
		if e != Mono2 {
			s = 4095 - s
		}
		raw = binary.LittleEndian.AppendUint16(raw, s)
	}
	return dicom.PixelDataInfo{IntentionallyUnprocessed: true, UnprocessedValueData: raw}, nil
}
