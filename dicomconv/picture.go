package dicomconv

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/tiff"

	"github.com/cxrkit/cxrkit/cxr"
)

// sniff is "png", "jpeg" or "tiff" as the first bytes tell, else "". The
// preamble of a DICOM file can be the head of a TIFF file (PS3.10 7.1).
func sniff(b []byte) string {
	switch {
	case len(b) >= 132 && string(b[128:132]) == "DICM":
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "jpeg"
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return "tiff"
	}
	return ""
}

// picture makes an Image of a PNG, JPEG or TIFF file.
func (c *Converter) picture(format string, b []byte, l *loan) (*cxr.Image, error) {
	size, err := config(format, b)
	if err != nil {
		return nil, err
	}
	if int64(size.Width)*int64(size.Height) > c.o.Limits.Pixels {
		return nil, fmt.Errorf("%w: %d x %d pixels, more than %d", cxr.ErrTooLarge, size.Width, size.Height, c.o.Limits.Pixels)
	}
	switch format {
	case "jpeg":
		err = checkScans(b, size.ColorModel)
	case "png":
		err = checkChunks(b)
	}
	if err != nil {
		return nil, err
	}
	l.add(pictureCost(format, size.Width, size.Height, size.ColorModel))
	m, err := decode(format, b)
	if err != nil {
		return nil, err
	}
	return c.FromImage(m)
}

// config is the size of a picture and what its pixels are.
func config(format string, b []byte) (_ image.Config, err error) {
	defer broken(&err)
	switch r := bytes.NewReader(b); format {
	case "jpeg":
		return jpeg.DecodeConfig(r)
	case "tiff":
		return tiff.DecodeConfig(r)
	default:
		return png.DecodeConfig(r)
	}
}

// decode decodes a picture.
func decode(format string, b []byte) (_ image.Image, err error) {
	defer broken(&err)
	switch r := bytes.NewReader(b); format {
	case "jpeg":
		return jpeg.Decode(r)
	case "tiff":
		return tiff.Decode(r)
	default:
		return png.Decode(r)
	}
}

// broken makes of what a decoder ended with an error of ours. That of LZW in TIFF
// files panics on some (golang.org/x/image v0.47.0).
func broken(err *error) {
	if recover() != nil {
		*err = fmt.Errorf("%w: picture", cxr.ErrCorrupt)
	} else if *err != nil {
		*err = pictureError(*err)
	}
}

// pictureError sorts the errors of the image decoders, which name the format.
func pictureError(err error) error {
	kind := cxr.ErrCorrupt
	switch err.(type) {
	case png.UnsupportedError, jpeg.UnsupportedError, tiff.UnsupportedError:
		kind = cxr.ErrUnsupported
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		kind = cxr.ErrTruncated
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// FromImage makes an Image of a decoded picture. Color is reduced to ITU-R
// BT.601 luma and transparency ignored.
//
// cxr.Standard maps black to 0 and white to the greatest value of Options.Depth.
// The other recipes do as Google's clients do with PNG files (convert("L") of
// the Pillow imaging library): an image of 8 bits, in which all 16-bit gray
// above 255 is white.
func (c *Converter) FromImage(m image.Image) (*cxr.Image, error) {
	if c.err != nil {
		return nil, fmt.Errorf("dicomconv: options: %w", c.err)
	}
	if m == nil || m.Bounds().Empty() {
		return nil, fmt.Errorf("%w: no pixels", cxr.ErrImage)
	}
	b := m.Bounds()
	if int64(b.Dx())*int64(b.Dy()) > c.o.Limits.Pixels {
		return nil, fmt.Errorf("%w: %d x %d pixels, more than %d", cxr.ErrTooLarge, b.Dx(), b.Dy(), c.o.Limits.Pixels)
	}
	pix, depth := grayOf(m)
	out := &cxr.Image{Width: b.Dx(), Height: b.Dy(), Depth: 8, Pix: pix, Recipe: c.o.Recipe}
	if c.o.Recipe != cxr.Standard {
		for i, v := range pix {
			pix[i] = min(v, 255)
		}
		return out, nil
	}
	out.Depth = c.o.Depth
	for i, v := range pix {
		switch {
		case depth == 8 && out.Depth == 16:
			pix[i] = v * 257
		case depth == 16 && out.Depth == 8:
			pix[i] = uint16((uint32(v) + 128) / 257)
		}
	}
	return out, nil
}

// grayOf is the luma of m in 8 bits, or 16 where m has as many.
func grayOf(m image.Image) (pix []uint16, depth int) {
	b := m.Bounds()
	pix = make([]uint16, 0, b.Dx()*b.Dy())
	depth = 8
	var at func(x, y int) uint16
	switch m := m.(type) {
	case *image.Gray:
		at = func(x, y int) uint16 { return uint16(m.GrayAt(x, y).Y) }
	case *image.YCbCr:
		at = func(x, y int) uint16 { return uint16(m.YCbCrAt(x, y).Y) }
	case *image.Gray16:
		depth = 16
		at = func(x, y int) uint16 { return m.Gray16At(x, y).Y }
	default:
		shift := 8
		if wide(m) {
			depth, shift = 16, 0
		}
		at = func(x, y int) uint16 {
			r, g, b := opaque(m.At(x, y))
			return luma(r>>shift, g>>shift, b>>shift)
		}
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			pix = append(pix, at(x, y))
		}
	}
	return pix, depth
}

// opaque is c in 16 bits without its transparency, which must not have been
// multiplied in: that loses bits.
func opaque(c color.Color) (r, g, b uint16) {
	switch c := c.(type) {
	case color.NRGBA:
		return uint16(c.R) * 257, uint16(c.G) * 257, uint16(c.B) * 257
	case color.NRGBA64:
		return c.R, c.G, c.B
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return n.R, n.G, n.B
}

// wide reports the image types of 16 bits a channel.
func wide(m image.Image) bool {
	switch m.ColorModel() {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		return true
	}
	return false
}
