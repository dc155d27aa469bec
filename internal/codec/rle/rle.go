// Package rle decodes DICOM RLE Lossless frames (PS3.5 annex G), transfer
// syntax 1.2.840.10008.1.2.5: the bytes of all samples by significance, each
// plane packed by PackBits.
package rle

import (
	"encoding/binary"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

const headerSize = 64

// Decode decodes one frame of samples that take bitsAllocated bits, 8 or 16.
func Decode(src []byte, want codec.Shape, bitsAllocated int) (*codec.Frame, error) {
	if bitsAllocated != 8 && bitsAllocated != 16 {
		return nil, fmt.Errorf("%w: RLE of %d bits allocated", cxr.ErrUnsupported, bitsAllocated)
	}
	want.Components = max(want.Components, 1)
	planes := want.Components * bitsAllocated / 8
	if len(src) < headerSize {
		return nil, fmt.Errorf("%w: RLE header", cxr.ErrTruncated)
	}
	if n := binary.LittleEndian.Uint32(src); int64(n) != int64(planes) {
		return nil, fmt.Errorf("%w: RLE of %d segments, want %d", cxr.ErrCorrupt, n, planes)
	}
	if planes > headerSize/4-1 {
		return nil, fmt.Errorf("%w: RLE of %d segments", cxr.ErrCorrupt, planes)
	}
	// A run of 128 takes two bytes: data cannot unpack to more.
	pixels := int64(want.Width) * int64(want.Height)
	if pixels > 64*int64(len(src))*int64(max(1, planes)) {
		return nil, fmt.Errorf("%w: RLE data of %d bytes for %d pixels", cxr.ErrTruncated, len(src), pixels)
	}
	size := int(pixels)
	f := &codec.Frame{Shape: want, Precision: bitsAllocated, Pix: make([]uint16, size*want.Components)}
	buffer := make([]byte, size)
	for i := range planes {
		segment, err := segment(src, i, planes)
		if err != nil {
			return nil, err
		}
		if err := unpack(buffer, segment); err != nil {
			return nil, fmt.Errorf("%w in RLE segment %d", err, i)
		}
		// The most significant byte comes first.
		bytes := bitsAllocated / 8
		merge(f.Pix[i/bytes:], want.Components, buffer, 8*(bytes-1-i%bytes))
	}
	return f, nil
}

func segment(src []byte, i, n int) ([]byte, error) {
	from, to := int64(binary.LittleEndian.Uint32(src[4+4*i:])), int64(len(src))
	if i+1 < n {
		to = int64(binary.LittleEndian.Uint32(src[8+4*i:]))
	}
	if from < headerSize || from > to {
		return nil, fmt.Errorf("%w: RLE segment %d from byte %d to %d", cxr.ErrCorrupt, i, from, to)
	}
	if to > int64(len(src)) {
		return nil, fmt.Errorf("%w: RLE segment %d", cxr.ErrTruncated, i)
	}
	return src[from:to], nil
}

// unpack fills dst from PackBits data. Data beyond it is padding.
func unpack(dst, src []byte) error {
	for len(dst) > 0 {
		if len(src) < 2 {
			return fmt.Errorf("%w: %d bytes are missing", cxr.ErrTruncated, len(dst))
		}
		control := int(int8(src[0]))
		switch {
		case control >= 0:
			n := min(control+1, len(dst))
			if len(src) < 1+n {
				return fmt.Errorf("%w: literal run", cxr.ErrTruncated)
			}
			copy(dst[:n], src[1:])
			dst, src = dst[n:], src[min(len(src), 2+control):]
		case control == -128: // no operation
			src = src[1:]
		default:
			n := min(1-control, len(dst))
			v := src[1]
			run := dst[:n]
			for i := range run {
				run[i] = v
			}
			dst, src = dst[n:], src[2:]
		}
	}
	return nil
}

// merge adds a plane of bytes to every step-th sample.
func merge(pix []uint16, step int, plane []byte, shift int) {
	if step == 1 {
		pix = pix[:len(plane)]
		for i, b := range plane {
			pix[i] |= uint16(b) << shift
		}
		return
	}
	for i, b := range plane {
		pix[i*step] |= uint16(b) << shift
	}
}
