package cxr

import (
	"fmt"
	"image"
	"image/color"

	"github.com/cxrkit/cxrkit/internal/printable"
)

// An Image is one normalized chest radiograph: gray, with air dark and bone
// bright. It implements [image.Image] and names no patient.
//
// Reading an Image from many goroutines is safe; nothing in this library
// changes an Image it was given.
type Image struct {
	ID            string   // the caller's name for the film, unique within a run; it never leaves the process
	Width, Height int      // in pixels
	Depth         int      // significant bits of Pix: 8 or 16
	Pix           []uint16 // row-major, Width*Height values in 0..2^Depth-1
	View          View     // projection, as far as the file tells
	Recipe        string   // how Pix was made ("standard/1"); part of every cache key and model file
}

// String names the film and says what its pixels are, so that printing an Image
// does not list them.
func (m *Image) String() string {
	return named(m.ID, fmt.Sprintf("%d x %d pixels, %d bits, view %v, %s", m.Width, m.Height, m.Depth, m.View, m.Recipe))
}

func named(id, what string) string {
	if id == "" {
		return what
	}
	return printable.Name(id) + ": " + what
}

// Max is the value of white: 255 or 65535.
func (m *Image) Max() uint16 {
	if m.Depth == 8 {
		return 255
	}
	return 65535
}

// Validate reports the first way in which m breaks the promises of its fields:
// no pixels, a depth other than 8 or 16, a Pix of the wrong length, or a pixel
// above [Image.Max]. Embedders call it on everything they are given.
func (m *Image) Validate() error {
	switch {
	case m == nil:
		return fmt.Errorf("%w: nil image", ErrImage)
	case m.Depth != 8 && m.Depth != 16:
		return fmt.Errorf("%w: depth %d, want 8 or 16", ErrImage, m.Depth)
	case m.Width <= 0 || m.Height <= 0:
		return fmt.Errorf("%w: %d x %d pixels", ErrImage, m.Width, m.Height)
	case len(m.Pix)/m.Width != m.Height || len(m.Pix)%m.Width != 0:
		return fmt.Errorf("%w: %d values for %d x %d pixels", ErrImage, len(m.Pix), m.Width, m.Height)
	}
	if m.Depth == 8 {
		for i, v := range m.Pix {
			if v > 255 {
				return fmt.Errorf("%w: 8-bit pixel (%d, %d) is %d", ErrImage, i%m.Width, i/m.Width, v)
			}
		}
	}
	return nil
}

// ColorModel is [color.GrayModel] or [color.Gray16Model], by Depth.
func (m *Image) ColorModel() color.Model {
	if m.Depth == 8 {
		return color.GrayModel
	}
	return color.Gray16Model
}

// Bounds is the rectangle (0, 0)-(Width, Height).
func (m *Image) Bounds() image.Rectangle { return image.Rect(0, 0, m.Width, m.Height) }

// At is the pixel at column x, row y; black outside the bounds.
func (m *Image) At(x, y int) color.Color {
	var v uint16
	if image.Pt(x, y).In(m.Bounds()) {
		v = m.Pix[y*m.Width+x]
	}
	if m.Depth == 8 {
		return color.Gray{Y: uint8(v)}
	}
	return color.Gray16{Y: v}
}
