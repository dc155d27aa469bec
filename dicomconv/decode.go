package dicomconv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/rle"
)

// A Decoder decodes the codestream of one frame. It must return a Frame of the
// Shape wanted, or an error, whatever src holds, and be safe for concurrent
// use. Samples come as the codestream has them, YBR of JPEG as YBR; only the
// component transforms of JPEG 2000 are undone.
type Decoder func(src []byte, want Shape) (*Frame, error)

// A Shape is the size of a frame as the DICOM header promises it: in pixels, and 1
// component (gray) or 3.
type Shape struct{ Width, Height, Components int }

// A Frame is a decoded frame.
type Frame struct {
	Shape
	Precision int      // bits of a sample as the codestream says, 1..16
	Signed    bool     // samples are two's complement, sign-extended to 16 bits
	Pix       []uint16 // row-major, components interleaved: Width*Height*Components samples
}

// A decoder is a Decoder as the codecs here are.
type decoder func(src []byte, want codec.Shape) (*codec.Frame, error)

// decoder of a user's Decoder.
func (d Decoder) decoder() decoder {
	return func(src []byte, want codec.Shape) (*codec.Frame, error) {
		f, err := d(src, Shape(want))
		if f == nil || err != nil {
			return nil, err
		}
		return &codec.Frame{Shape: codec.Shape(f.Shape), Precision: f.Precision, Signed: f.Signed, Pix: f.Pix}, nil
	}
}

// A TransferSyntaxError says that no decoder is known for a transfer syntax. It
// is a cxr.ErrUnsupported.
type TransferSyntaxError struct {
	UID string // "" if the file's is no valid UID
}

// Error names the UID.
func (e *TransferSyntaxError) Error() string {
	if e.UID == "" {
		return "transfer syntax that is not a UID: " + cxr.ErrUnsupported.Error()
	}
	return "transfer syntax " + e.UID + ": " + cxr.ErrUnsupported.Error()
}

// Unwrap is cxr.ErrUnsupported.
func (e *TransferSyntaxError) Unwrap() error { return cxr.ErrUnsupported }

// A syntax is an encapsulated transfer syntax.
type syntax struct {
	coding coding
	lossy  bool
}

const rleLossless = "1.2.840.10008.1.2.5"

// syntaxes are the encapsulated transfer syntaxes decoded by this library,
// beside RLE Lossless, and those retired ones that differ in no more than the
// JPEG process: their codestreams tell which it is.
var syntaxes = map[string]syntax{
	"1.2.840.10008.1.2.4.50":  {codingDCT, true},       // JPEG Baseline (process 1)
	"1.2.840.10008.1.2.4.51":  {codingDCT, true},       // JPEG Extended (processes 2, 4)
	"1.2.840.10008.1.2.4.53":  {codingDCT, true},       // JPEG Spectral Selection (processes 6, 8)
	"1.2.840.10008.1.2.4.55":  {codingDCT, true},       // JPEG Full Progression (processes 10, 12)
	"1.2.840.10008.1.2.4.57":  {codingLossless, false}, // JPEG Lossless (process 14)
	"1.2.840.10008.1.2.4.70":  {codingLossless, false}, // JPEG Lossless (process 14, selection value 1)
	"1.2.840.10008.1.2.4.80":  {codingLS, false},       // JPEG-LS Lossless
	"1.2.840.10008.1.2.4.81":  {codingLS, true},        // JPEG-LS Near-lossless
	"1.2.840.10008.1.2.4.90":  {codingJ2K, false},      // JPEG 2000 Lossless
	"1.2.840.10008.1.2.4.91":  {codingJ2K, true},       // JPEG 2000
	"1.2.840.10008.1.2.4.201": {codingHTJ2K, false},    // High-Throughput JPEG 2000 Lossless
	"1.2.840.10008.1.2.4.202": {codingHTJ2K, false},    // High-Throughput JPEG 2000 with RPCL Options Lossless
	"1.2.840.10008.1.2.4.203": {codingHTJ2K, true},     // High-Throughput JPEG 2000
}

// decoder is the decoder for a codestream: the caller's for the transfer syntax,
// else that of what the stream is, else that of what the transfer syntax says. It
// is nil for a transfer syntax that is not known. RLE is alone in not telling the
// size of its samples.
func (f *film) decoder(o *Options, s stream) decoder {
	if d := o.Decoders[f.syntax]; d != nil {
		return d.decoder()
	}
	said, known := syntaxes[f.syntax]
	switch {
	case s.coding != codingUnknown && (known || f.syntax == rleLossless || nativeSyntax(f.syntax)):
		return codings[s.coding].decode
	case f.syntax == rleLossless:
		return func(src []byte, want codec.Shape) (*codec.Frame, error) {
			return rle.Decode(src, want, f.BitsAllocated)
		}
	}
	return codings[said.coding].decode
}

// decode decodes frame i of encapsulated pixel data.
func (f *film) decode(o *Options, i int) (*stored, error) {
	if f.decoder(o, stream{}) == nil && !nativeSyntax(f.syntax) {
		return nil, f.misfit("encapsulated")
	}
	src, err := f.pixels.Frame(i, f.Frames)
	if err != nil {
		return nil, err
	}
	head, _ := readStream(src)
	decode := f.decoder(o, head)
	if decode == nil {
		return nil, f.misfit("encapsulated")
	}
	if f.BitsAllocated != 8 && f.BitsAllocated != 16 {
		return nil, fmt.Errorf("%w: %d bits allocated in a codestream", cxr.ErrUnsupported, f.BitsAllocated)
	}
	want := codec.Shape{Width: f.Columns, Height: f.Rows, Components: f.SamplesPerPixel}
	m, err := decode(src, want)
	if err != nil {
		return nil, fmt.Errorf("frame %d: %w", i+1, err)
	}
	if m == nil || m.Shape != want || len(m.Pix) != want.Width*want.Height*want.Components {
		return nil, errors.New("decoder returned a frame of another size than asked for")
	}
	if m.Precision > f.BitsAllocated {
		return nil, fmt.Errorf("%w: codestream of %d bits for %d bits allocated", cxr.ErrCorrupt, m.Precision, f.BitsAllocated)
	}
	s := &stored{words: m.Pix, negative: m.Signed, precision: m.Precision, width: f.bitsStored}
	if f.syntax == rleLossless && head.coding == codingUnknown && o.Decoders[f.syntax] == nil {
		s.precision = 0 // native words, packed
		return s, nil
	}
	f.widen(s)
	return s, nil
}

// widen makes room for a codestream of more bits than Bits Stored: its values
// are the stored values, all of their bits. High bits of native words may hold
// overlays; those of codestreams do not. A sign, which the codestream may leave
// to the header, is where the values say: at Bits Stored if none goes beyond.
func (f *film) widen(s *stored) {
	if s.precision <= f.bitsStored {
		return
	}
	var all uint16
	for _, w := range s.words {
		all |= w
	}
	if !s.negative && all>>f.bitsStored == 0 {
		return
	}
	s.width, f.bitsStored, f.highBit, f.widened = s.precision, s.precision, s.precision-1, true
}

// nativeSyntax reports the transfer syntaxes without encapsulation, or none
// being told.
func nativeSyntax(uid string) bool {
	switch uid {
	case "", implicitLittle, explicitLittle, deflatedLittle, explicitBig:
		return true
	}
	return false
}

// misfit is the error for pixel data of a kind that the transfer syntax does
// not have, or for one that is not known at all.
func (f *film) misfit(kind string) error {
	if nativeSyntax(f.syntax) || f.decoder(&Options{}, stream{}) != nil {
		return fmt.Errorf("%w: %s pixel data under transfer syntax %s", cxr.ErrCorrupt, kind, f.syntax)
	}
	return &TransferSyntaxError{UID: validUID(f.syntax)}
}

// validUID is s if it is a UID (PS3.5 9.1), else "": a file can have anything
// in that place.
func validUID(s string) string {
	if len(s) > 64 || strings.Trim(s, "0123456789.") != "" {
		return ""
	}
	return s
}
