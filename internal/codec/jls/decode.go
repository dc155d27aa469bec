// Package jls decodes JPEG-LS, lossless and near-lossless (ITU-T T.87), of one
// component and 2 to 16 bits: DICOM transfer syntaxes 1.2.840.10008.1.2.4.80
// and .81.
package jls

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// Decode decodes one frame. Colors and mapping tables are refused with
// cxr.ErrUnsupported.
func Decode(src []byte, want codec.Shape) (*codec.Frame, error) {
	h, data, err := parse(src, want)
	if err != nil {
		return nil, err
	}
	s, err := newScan(h, data)
	if err != nil {
		return nil, err
	}
	f := &codec.Frame{Shape: codec.Shape{Width: h.width, Height: h.height, Components: 1}, Precision: h.precision}
	f.Pix = make([]uint16, h.width*h.height)
	for y := range h.height {
		if h.restartLines > 0 && y > 0 && y%h.restartLines == 0 {
			if err := s.restart((y/h.restartLines - 1) % 8); err != nil {
				return nil, err
			}
		}
		if err := s.line(f.Pix[y*h.width:][:h.width]); err != nil {
			return nil, fmt.Errorf("%w in line %d of JPEG-LS", err, y)
		}
	}
	return f, nil
}

// A header is what the marker segments say.
type header struct {
	width, height, precision, near int
	maxval, t1, t2, t3, reset      int // preset coding parameters; 0: default (T.87 C.2.4.1)
	restartLines                   int
}

func parse(src []byte, want codec.Shape) (*header, []byte, error) {
	if len(src) < 4 || src[0] != 0xFF || src[1] != 0xD8 {
		return nil, nil, fmt.Errorf("%w: no JPEG-LS start of image", cxr.ErrCorrupt)
	}
	h := &header{}
	for pos := 2; ; {
		for pos < len(src) && src[pos] != 0xFF {
			pos++
		}
		for pos+1 < len(src) && src[pos+1] == 0xFF {
			pos++
		}
		if pos+4 > len(src) {
			return nil, nil, fmt.Errorf("%w: JPEG-LS header", cxr.ErrTruncated)
		}
		marker, length := src[pos+1], int(src[pos+2])<<8|int(src[pos+3])
		if length < 2 {
			return nil, nil, fmt.Errorf("%w: JPEG-LS segment %#x of length %d", cxr.ErrCorrupt, marker, length)
		}
		if pos+2+length > len(src) {
			return nil, nil, fmt.Errorf("%w: JPEG-LS segment %#x", cxr.ErrTruncated, marker)
		}
		segment := src[pos+4 : pos+2+length]
		pos += 2 + length
		if marker == 0xDA {
			return h, src[pos:], h.scan(segment)
		}
		if err := h.segment(marker, segment, want); err != nil {
			return nil, nil, err
		}
	}
}

func (h *header) segment(marker byte, s []byte, want codec.Shape) error {
	word := func(i int) int { return int(s[i])<<8 | int(s[i+1]) }
	switch {
	case marker == 0xF7: // SOF55
		if len(s) < 6 {
			return fmt.Errorf("%w: JPEG-LS frame header too short", cxr.ErrCorrupt)
		}
		h.precision, h.height, h.width = int(s[0]), word(1), word(3)
		if s[5] != 1 {
			return fmt.Errorf("%w: JPEG-LS of %d components", cxr.ErrUnsupported, s[5])
		}
		if h.width != want.Width || h.height != want.Height || want.Components > 1 {
			return fmt.Errorf("%w: JPEG-LS of %d x %d where the header says %d x %d", cxr.ErrCorrupt, h.width, h.height, want.Width, want.Height)
		}
		if h.precision < 2 || h.precision > 16 {
			return fmt.Errorf("%w: JPEG-LS of %d bits", cxr.ErrCorrupt, h.precision)
		}
	case marker == 0xF8: // LSE
		if len(s) < 1 || s[0] != 1 {
			return fmt.Errorf("%w: JPEG-LS with a mapping table or oversize dimensions", cxr.ErrUnsupported)
		}
		if len(s) < 11 {
			return fmt.Errorf("%w: JPEG-LS preset parameters too short", cxr.ErrCorrupt)
		}
		h.maxval, h.t1, h.t2, h.t3, h.reset = word(1), word(3), word(5), word(7), word(9)
	case marker == 0xDD && len(s) >= 2: // DRI: lines between restarts (T.87 C.2.5)
		for _, b := range s {
			if h.restartLines > 1<<20 {
				break
			}
			h.restartLines = h.restartLines<<8 | int(b)
		}
	case marker >= 0xC0 && marker <= 0xCF:
		return fmt.Errorf("%w: JPEG of marker %#x where JPEG-LS belongs", cxr.ErrCorrupt, marker)
	}
	return nil
}

func (h *header) scan(s []byte) error {
	if len(s) < 6 || h.width == 0 {
		return fmt.Errorf("%w: JPEG-LS scan header", cxr.ErrCorrupt)
	}
	if s[0] != 1 || s[2] != 0 {
		return fmt.Errorf("%w: JPEG-LS scan of %d components or with a mapping table", cxr.ErrUnsupported, s[0])
	}
	h.near = int(s[3])
	return h.defaults()
}

// defaults fills preset parameters that are 0 and checks the rest (T.87
// C.2.4.1.1).
func (h *header) defaults() error {
	white := 1<<h.precision - 1
	if h.maxval == 0 {
		h.maxval = white
	}
	if h.reset == 0 {
		h.reset = 64
	}
	basic := [3]int{3, 7, 21}
	within := func(v, low int) int {
		if v > h.maxval || v < low {
			return low
		}
		return v
	}
	threshold := func(i, low int) int {
		n := (2*i + 3) * h.near
		if h.maxval >= 128 {
			factor := (min(h.maxval, 4095) + 128) / 256
			return within(factor*(basic[i]-(2+i))+2+i+n, low)
		}
		return within(max(2+i, basic[i]/(256/(h.maxval+1))+n), low)
	}
	if h.t1 == 0 {
		h.t1 = threshold(0, h.near+1)
	}
	if h.t2 == 0 {
		h.t2 = threshold(1, h.t1)
	}
	if h.t3 == 0 {
		h.t3 = threshold(2, h.t2)
	}
	if h.maxval > white || h.near > min(255, h.maxval/2) || h.t1 <= h.near || h.t2 < h.t1 || h.t3 < h.t2 || h.t3 > h.maxval || h.reset < 3 {
		return fmt.Errorf("%w: JPEG-LS parameters MAXVAL %d, NEAR %d, thresholds %d, %d, %d, RESET %d", cxr.ErrCorrupt,
			h.maxval, h.near, h.t1, h.t2, h.t3, h.reset)
	}
	return nil
}
