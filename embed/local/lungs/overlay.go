package lungs

import (
	"image"
	"image/color"
	"math"
)

var (
	rightColor   = color.RGBA{80, 160, 255, 255}
	leftColor    = color.RGBA{255, 140, 60, 255}
	betweenColor = color.RGBA{150, 220, 120, 255}
	boxColor     = color.RGBA{255, 255, 255, 255}
	heartColor   = color.RGBA{255, 60, 90, 255}
	chestColor   = color.RGBA{255, 230, 60, 255}
)

// Overlay is the film in gray with the outlines of the right lung in blue, of
// the left in orange and of what is between in green; their box in white; and
// the lines of the cardiothoracic ratios: heart in red, chest in yellow. A film
// that is longer than 1024 pixels is drawn smaller.
func (l *Lungs) Overlay() *image.RGBA {
	scale := math.Min(1, 1024/float64(max(l.Width, l.Height)))
	w, h := max(int(float64(l.Width)*scale), 1), max(int(float64(l.Height)*scale), 1)
	small := l.film.Resize(w, h, 0)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	low, high := 0.0, float64(l.film.Max())
	for i, v := range small.Pix {
		g := uint8(255 * (float64(v) - low) / (high - low))
		out.SetRGBA(i%w, i/w, color.RGBA{g, g, g, 255})
	}
	for y := range h {
		for x := range w {
			c, r := x*Grid/w, y*Grid/h
			for _, part := range []struct {
				mask  *Mask
				color color.RGBA
			}{{l.Between, betweenColor}, {l.Right, rightColor}, {l.Left, leftColor}} {
				if !part.mask.At(c, r) {
					continue
				}
				// The outline: a pixel whose neighbor lies in a cell outside.
				edge := false
				for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
					edge = edge || !part.mask.At(floor((x+d[0])*Grid, w), floor((y+d[1])*Grid, h))
				}
				if edge {
					out.SetRGBA(x, y, part.color)
				}
			}
		}
	}
	line := func(v Line, c color.RGBA) {
		n := int(v.Length()*scale) + 1
		for i := range n + 1 {
			t := float64(i) / float64(n)
			x, y := int((v.From.X+t*(v.To.X-v.From.X))*scale), int((v.From.Y+t*(v.To.Y-v.From.Y))*scale)
			out.SetRGBA(x, y, c)
			out.SetRGBA(x, y+1, c)
		}
	}
	if l.Found {
		b := l.Box
		corner := func(x, y int) Point { return Point{float64(x), float64(y)} }
		for _, v := range []Line{
			{corner(b.Min.X, b.Min.Y), corner(b.Max.X-1, b.Min.Y)}, {corner(b.Min.X, b.Max.Y-1), corner(b.Max.X-1, b.Max.Y-1)},
			{corner(b.Min.X, b.Min.Y), corner(b.Min.X, b.Max.Y-1)}, {corner(b.Max.X-1, b.Min.Y), corner(b.Max.X-1, b.Max.Y-1)},
		} {
			line(v, boxColor)
		}
	}
	if l.Heart.measurable {
		for _, v := range []Line{l.Heart.MedianLine, l.Heart.RightReach, l.Heart.LeftReach} {
			line(v, heartColor)
		}
		line(l.Heart.Chest, chestColor)
	}
	return out
}

// floor is a/b rounded down, also of negative a.
func floor(a, b int) int {
	if a < 0 {
		return -1
	}
	return a / b
}
