package remote

import "github.com/cxrkit/cxrkit/cxr"

// EightBits is a film in 8 bits, m itself if it is. HAI-DEF's containers reduce a
// picture with the Pillow imaging library's convert("L"), which makes white of all
// 16-bit gray above 255.
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
