package lungs

import (
	"image"

	"github.com/cxrkit/cxrkit/cxr"
)

// Margin is the box with a margin on each side, a share of its width or height,
// within the film. It is the whole film where the lungs were not found.
func (l *Lungs) Margin(share float64) image.Rectangle {
	film := image.Rect(0, 0, l.Width, l.Height)
	if !l.Found {
		return film
	}
	dx, dy := int(share*float64(l.Box.Dx())+0.5), int(share*float64(l.Box.Dy())+0.5)
	return image.Rect(l.Box.Min.X-dx, l.Box.Min.Y-dy, l.Box.Max.X+dx, l.Box.Max.Y+dy).Intersect(film)
}

// Cut is the part of the film within [Lungs.Margin]: a film of its own.
func (l *Lungs) Cut(m *cxr.Image, share float64) *cxr.Image {
	r := l.Margin(share).Intersect(m.Bounds())
	out := *m
	out.Width, out.Height = r.Dx(), r.Dy()
	out.Pix = make([]uint16, 0, r.Dx()*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		out.Pix = append(out.Pix, m.Pix[y*m.Width+r.Min.X:y*m.Width+r.Max.X]...)
	}
	return &out
}
