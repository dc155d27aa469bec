package remote

import "github.com/cxrkit/cxrkit/cxr"

// EightBits is a film in 8 bits, m itself if it is. Of a PNG with 16 bits,
// HAI-DEF's container of CXR Foundation makes white above 255 (convert("L") of the
// Pillow imaging library, 10.2 and 13.0), and MedSigLIP's nearly black if its Pillow
// reads it as numbers of 32 bits (10.2).
func EightBits(m *cxr.Image) *cxr.Image {
	if m.Depth == 8 {
		return m
	}
	small := *m
	small.Depth, small.Pix = 8, make([]uint16, len(m.Pix))
	for i, v := range m.Pix {
		small.Pix[i] = uint16((int(v)*255 + 32767) / 65535)
	}
	return &small
}
