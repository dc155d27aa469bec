// Package drawn makes films of formulas, for tests of encoders.
package drawn

import (
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// Film is a film of 8 bits by [cxr.Standard] whose pixels are value's, 0..255.
func Film(width, height int, value func(x, y int) int) *cxr.Image {
	m := &cxr.Image{ID: "film", Width: width, Height: height, Depth: 8, Recipe: cxr.Standard}
	for y := range height {
		for x := range width {
			m.Pix = append(m.Pix, uint16(value(x, y)))
		}
	}
	return m
}

// Reference are the films of the testdata/reference.py of several packages.
var Reference = map[string]func(x, y int) int{
	"rings": func(x, y int) int { return (x*x + 3*y*y) >> 5 & 255 },
	"steps": func(x, y int) int { return ((x>>3)*17 + (y>>4)*29) & 255 },
}

// Chest is a drawing of a chest: two dark ovals in gray, a bright heart. add, if
// not nil, brightens it at a place, 0..1 of width and height.
func Chest(width, height int, add func(x, y float64) float64) *cxr.Image {
	return Film(width, height, func(px, py int) int {
		x, y := (float64(px)+0.5)/float64(width), (float64(py)+0.5)/float64(height)
		lung := max(Oval(x, y, 0.3, 0.45, 0.15, 0.3), Oval(x, y, 0.7, 0.45, 0.15, 0.3))
		heart, body := Oval(x, y, 0.54, 0.6, 0.15, 0.16), Oval(x, y, 0.5, 0.62, 0.46, 0.62)
		v := 20 + 150*body*(1-0.75*lung*(1-heart)) + 50*heart*body
		if add != nil {
			v += add(x, y)
		}
		return int(min(v, 255))
	})
}

// Oval is about 1 at a place within an oval and about 0 outside, smooth between.
func Oval(x, y, centerX, centerY, radiusX, radiusY float64) float64 {
	return 1 / (1 + math.Exp((math.Hypot((x-centerX)/radiusX, (y-centerY)/radiusY)-1)*12))
}
