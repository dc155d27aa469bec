package phantom

import "math"

// A canvas is a picture in the anatomy's frame: height 1, x = 0 in the middle.
type canvas struct {
	w, h int
	pix  []float32
}

func newCanvas(w, h int) *canvas { return &canvas{w: w, h: h, pix: make([]float32, w*h)} }

// at is the anatomical place of the middle of a pixel.
func (c *canvas) at(col, row int) (x, y float64) {
	return (float64(col) + 0.5 - float64(c.w)/2) / float64(c.h), (float64(row) + 0.5) / float64(c.h)
}

// fill sets every pixel to f of its place.
func (c *canvas) fill(f func(x, y float64) float64) {
	for row := range c.h {
		for col := range c.w {
			c.pix[row*c.w+col] = float32(f(c.at(col, row)))
		}
	}
}

// enlarge is c at another size, by bilinear interpolation. Smooth shapes are
// drawn small and enlarged: it is most of the speed.
func (c *canvas) enlarge(w, h int) *canvas {
	out := newCanvas(w, h)
	columns := taps(w, c.w)
	for row, r := range taps(h, c.h) {
		above, below := c.pix[r.lo*c.w:][:c.w], c.pix[r.hi*c.w:][:c.w]
		line := out.pix[row*w:][:w]
		for col, t := range columns {
			top := above[t.lo] + (above[t.hi]-above[t.lo])*t.f
			bottom := below[t.lo] + (below[t.hi]-below[t.lo])*t.f
			line[col] = top + (bottom-top)*r.f
		}
	}
	return out
}

// A tap is the two source pixels of a pixel, and the second one's weight.
type tap struct {
	lo, hi int
	f      float32
}

func taps(n, source int) []tap {
	t := make([]tap, n)
	for i := range t {
		p := math.Max(0, (float64(i)+0.5)*float64(source)/float64(n)-0.5)
		lo := min(int(p), source-1)
		t[i] = tap{lo, min(lo+1, source-1), float32(p - float64(lo))}
	}
	return t
}

type point struct{ x, y float64 }

// stroke draws a band along a curve, keeping the brighter of old and new.
// profile gives the brightness at distance d from the middle, d in 0..1 of the
// half width.
func (c *canvas) stroke(curve []point, width func(t float64) float64, profile func(d, t float64) float64) {
	for i := 1; i < len(curve); i++ {
		t := (float64(i) - 0.5) / float64(len(curve)-1)
		c.segment(curve[i-1], curve[i], width(t), func(d float64) float64 { return profile(d, t) })
	}
}

func (c *canvas) segment(a, b point, half float64, profile func(d float64) float64) {
	h := float64(c.h)
	pixel := func(p float64) int { return int(math.Floor(p * h)) }
	x0 := max(0, pixel(math.Min(a.x, b.x)-half)+c.w/2)
	x1 := min(c.w-1, pixel(math.Max(a.x, b.x)+half)+c.w/2+1)
	y0 := max(0, pixel(math.Min(a.y, b.y)-half))
	y1 := min(c.h-1, pixel(math.Max(a.y, b.y)+half)+1)
	dx, dy := b.x-a.x, b.y-a.y
	length2 := math.Max(dx*dx+dy*dy, 1e-12)
	for row := y0; row <= y1; row++ {
		for col := x0; col <= x1; col++ {
			x, y := c.at(col, row)
			u := math.Max(0, math.Min(1, ((x-a.x)*dx+(y-a.y)*dy)/length2))
			d2 := sq(x-a.x-u*dx) + sq(y-a.y-u*dy)
			if d2 >= half*half {
				continue
			}
			v := float32(profile(math.Sqrt(d2) / half))
			if p := &c.pix[row*c.w+col]; v > *p {
				*p = v
			}
		}
	}
}
