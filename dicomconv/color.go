package dicomconv

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// luma is 0.299 R + 0.587 G + 0.114 B in 16 bits, rounded, as convert("L") of
// the Pillow imaging library has it.
func luma(r, g, b uint16) uint16 {
	return uint16((uint64(r)*19595 + uint64(g)*38470 + uint64(b)*7471 + 1<<15) >> 16)
}

// toGray reduces the samples of a color frame to luma, and the header to that
// of a gray film (PS3.3 C.7.6.3.1.2).
func (f *film) toGray(s *stored) error {
	if s.wide != nil {
		return fmt.Errorf("%w: color of %d bits", cxr.ErrUnsupported, f.BitsAllocated)
	}
	n := f.Rows * f.Columns
	sample := func(i, k int) uint16 { return s.words[i*f.SamplesPerPixel+k] }
	if f.planar && !f.pixels.Encapsulated {
		sample = func(i, k int) uint16 { return s.words[k*n+i] }
	}
	var at func(i int) uint16
	switch f.Photometric {
	case "RGB", "YBR_RCT", "YBR_ICT":
		at = func(i int) uint16 { return luma(sample(i, 0), sample(i, 1), sample(i, 2)) }
	case "YBR_FULL":
		at = func(i int) uint16 { return sample(i, 0) }
	case "YBR_FULL_422":
		at = func(i int) uint16 { return sample(i, 0) }
		if !f.pixels.Encapsulated { // Y Y Cb Cr
			at = func(i int) uint16 { return s.words[i/2*4+i%2] }
		}
	case "PALETTE COLOR":
		return f.paletteToGray(s)
	}
	if at == nil || f.SamplesPerPixel != 3 {
		return fmt.Errorf("%w: %d samples per pixel, photometric interpretation %s", cxr.ErrColor, f.SamplesPerPixel, known(f.Photometric, photometrics))
	}
	gray := make([]uint16, n)
	for i := range gray {
		gray[i] = at(i)
	}
	s.words = gray
	f.Photometric, f.SamplesPerPixel = "MONOCHROME2", 1
	return nil
}

func (f *film) paletteToGray(s *stored) error {
	p := f.palette
	if p[0] == nil || p[1] == nil || p[2] == nil {
		return fmt.Errorf("%w: palette that is segmented or broken", cxr.ErrUnsupported)
	}
	if f.SamplesPerPixel != 1 || p[0].bits != p[1].bits || p[0].bits != p[2].bits {
		return fmt.Errorf("%w: palette of %d, %d and %d bits", cxr.ErrCorrupt, p[0].bits, p[1].bits, p[2].bits)
	}
	for i, w := range s.words {
		v := f.sample(s, w)
		s.words[i] = luma(p[0].at(v), p[1].at(v), p[2].at(v))
	}
	f.Photometric, f.signed, f.bitsStored = "MONOCHROME2", false, p[0].bits
	f.highBit, f.BitsAllocated = f.bitsStored-1, 16
	if f.bitsStored <= 8 {
		f.BitsAllocated = 8
	}
	return nil
}
