package dicomconv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/j2k"
	"github.com/cxrkit/cxrkit/internal/codec/jls"
	"github.com/cxrkit/cxrkit/internal/codec/jpegdct"
	"github.com/cxrkit/cxrkit/internal/codec/jpll"
	"github.com/cxrkit/cxrkit/internal/codec/rle"
)

// A Decoder decodes the codestream of one frame. It must return a Frame of the
// Shape wanted, or an error, whatever src holds, and be safe for concurrent
// use. Samples come as the codestream has them, YBR of JPEG as YBR; only the
// component transforms of JPEG 2000 are undone.
type Decoder func(src []byte, want Shape) (*Frame, error)

// A Shape is the size of a frame as the DICOM header promises it.
type Shape = codec.Shape

// A Frame is a decoded frame.
type Frame = codec.Frame

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
	decode Decoder
	lossy  bool
}

const rleLossless = "1.2.840.10008.1.2.5"

// syntaxes are the encapsulated transfer syntaxes decoded by this library,
// beside RLE Lossless.
var syntaxes = map[string]syntax{
	"1.2.840.10008.1.2.4.50": {jpegdct.Decode, true}, // JPEG Baseline (process 1)
	"1.2.840.10008.1.2.4.51": {jpegdct.Decode, true}, // JPEG Extended (processes 2, 4)
	"1.2.840.10008.1.2.4.57": {jpll.Decode, false},   // JPEG Lossless (process 14)
	"1.2.840.10008.1.2.4.70": {jpll.Decode, false},   // JPEG Lossless (process 14, selection value 1)
	"1.2.840.10008.1.2.4.80": {jls.Decode, false},    // JPEG-LS Lossless
	"1.2.840.10008.1.2.4.81": {jls.Decode, true},     // JPEG-LS Near-lossless
	"1.2.840.10008.1.2.4.90": {j2k.Decode, false},    // JPEG 2000 Lossless
	"1.2.840.10008.1.2.4.91": {j2k.Decode, true},     // JPEG 2000
}

// decoder is the decoder for the film's transfer syntax, or nil. RLE is alone in
// not telling the size of its samples.
func (f *film) decoder(o *Options) Decoder {
	if d := o.Decoders[f.syntax]; d != nil {
		return d
	}
	if f.syntax == rleLossless {
		return func(src []byte, want Shape) (*Frame, error) { return rle.Decode(src, want, f.BitsAllocated) }
	}
	return syntaxes[f.syntax].decode
}

// decode decodes frame i of encapsulated pixel data.
func (f *film) decode(o *Options, i int) (*stored, error) {
	decode := f.decoder(o)
	if decode == nil {
		return nil, f.misfit("encapsulated")
	}
	if f.BitsAllocated != 8 && f.BitsAllocated != 16 {
		return nil, fmt.Errorf("%w: %d bits allocated in a codestream", cxr.ErrUnsupported, f.BitsAllocated)
	}
	src, err := f.pixels.Frame(i, f.Frames)
	if err != nil {
		return nil, err
	}
	want := Shape{Width: f.Columns, Height: f.Rows, Components: f.SamplesPerPixel}
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
	lossy := syntaxes[f.syntax].lossy || o.Decoders[f.syntax] != nil && f.lossy
	return &stored{words: m.Pix, lossy: lossy, negative: m.Signed, precision: m.Precision}, nil
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
	if nativeSyntax(f.syntax) || f.decoder(&Options{}) != nil {
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
