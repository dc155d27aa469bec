// Package codec holds what the image decoders beneath it share: the shape a
// caller expects, and the frame a decoder returns.
//
// Every decoder is a function
//
//	Decode(src []byte, want codec.Shape) (*codec.Frame, error)
//
// that checks the codestream's own dimensions against want before it
// allocates, never reads past src, never panics, and takes time and memory
// bounded by len(src) and the frame. Errors wrap cxr.ErrCorrupt,
// cxr.ErrTruncated, cxr.ErrUnsupported or cxr.ErrTooLarge.
package codec

// A Shape is what the DICOM header promises about one frame. Zero fields of
// Components are 1.
type Shape struct{ Width, Height, Components int }

// A Frame is one decoded frame.
type Frame struct {
	Shape
	Precision int      // bits of a sample as the codestream says, 1..16
	Signed    bool     // samples are two's complement, sign-extended to 16 bits
	Pix       []uint16 // row-major, components interleaved, Width*Height*Components samples
}
