// Package maps shows where on a film a score comes from: grids of values over a
// film, as pictures, and occlusion.
//
// Values come from head.Model.Shares (an exact map of a linear head on places),
// from search.Places (the cosine of a phrase with each place) or from [Occlude],
// and [github.com/cxrkit/cxrkit/embed/local.Embedder.Grid] puts the places of a
// network on the film.
//
// A map shows what a model looks at, not where disease is. Maps of small findings,
// such as pneumothorax or nodules, are poor with every encoder: a place of the
// network is centimeters wide and knows its neighbors. Look at a map beside that
// of a head trained on shuffled labels (head.Dataset.Shuffled): what both show is
// no finding.
package maps

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Grid is values of places in rows and columns over a part of a film, which may
// reach beyond the film where it was padded.
type Grid struct {
	Columns, Rows int
	Values        []float64 // Rows x Columns, row by row

	// Edges of the part, in shares of the film's width and height: 0, 0, 1 and 1
	// are the whole film.
	Left, Top, Right, Bottom float64
}

// Check reports a grid without values, of another number than its rows and columns
// have, with values that are not finite, or over no part of a film.
func (g *Grid) Check() error {
	switch {
	case g.Columns < 1 || g.Rows < 1 || len(g.Values)/g.Columns != g.Rows || len(g.Values)%g.Columns != 0:
		return fmt.Errorf("maps: %w: %d values for %d x %d places", cxr.ErrMismatch, len(g.Values), g.Columns, g.Rows)
	case !(g.Left < g.Right && g.Top < g.Bottom):
		return fmt.Errorf("maps: %w: grid from (%v, %v) to (%v, %v)", cxr.ErrMismatch, g.Left, g.Top, g.Right, g.Bottom)
	}
	for _, v := range g.Values {
		if v-v != 0 {
			return fmt.Errorf("maps: %w: value %v", cxr.ErrEmbedding, v)
		}
	}
	return nil
}

// At is the value at a place of the film, in shares of its width and height, and
// whether the grid is there.
func (g *Grid) At(x, y float64) (float64, bool) {
	column := int(math.Floor((x - g.Left) / (g.Right - g.Left) * float64(g.Columns)))
	row := int(math.Floor((y - g.Top) / (g.Bottom - g.Top) * float64(g.Rows)))
	if column < 0 || row < 0 || column >= g.Columns || row >= g.Rows {
		return 0, false
	}
	return g.Values[row*g.Columns+column], true
}

// Draw lays a grid over its film: red where values are positive, blue where they
// are negative, the stronger the farther from 0. A film longer than 1024 pixels is
// drawn smaller.
func Draw(m *cxr.Image, g *Grid) (*image.RGBA, error) {
	return drawn(m, g, g.largest())
}

// DrawBeside is a grid over its film, and beside it another by the same scale of
// colors, such as of a head trained on shuffled labels.
func DrawBeside(m *cxr.Image, g, other *Grid) (*image.RGBA, error) {
	most := max(g.largest(), other.largest())
	left, err := drawn(m, g, most)
	if err != nil {
		return nil, err
	}
	right, err := drawn(m, other, most)
	if err != nil {
		return nil, err
	}
	const gap = 8
	b := left.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, 2*b.Dx()+gap, b.Dy()))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, b, left, image.Point{}, draw.Src)
	draw.Draw(out, b.Add(image.Pt(b.Dx()+gap, 0)), right, image.Point{}, draw.Src)
	return out, nil
}

func (g *Grid) largest() (most float64) {
	for _, v := range g.Values {
		most = max(most, math.Abs(v))
	}
	return most
}

func drawn(m *cxr.Image, g *Grid, most float64) (*image.RGBA, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	return Paint(m, most, g.At)
}

// Paint colors a film by the value at each place, in shares of its width and
// height, where there is one: red if positive and blue if negative, in full at
// most. A film longer than 1024 pixels is drawn smaller.
func Paint(m *cxr.Image, most float64, at func(x, y float64) (float64, bool)) (*image.RGBA, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("maps: %w", err)
	}
	scale := math.Min(1, 1024/float64(max(m.Width, m.Height)))
	w, h := max(int(float64(m.Width)*scale), 1), max(int(float64(m.Height)*scale), 1)
	small := m.Resize(w, h, cxr.KernelArea)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			gray, share := 255*float64(small.Pix[y*w+x])/float64(m.Max()), 0.0
			v, ok := at((float64(x)+0.5)/float64(w), (float64(y)+0.5)/float64(h))
			if ok && most > 0 {
				share = 0.6 * math.Min(math.Abs(v)/most, 1)
			}
			tint := [3]float64{255, 60, 60}
			if v < 0 {
				tint = [3]float64{60, 110, 255}
			}
			mix := func(k int) uint8 { return uint8(gray*(1-share) + tint[k]*share) }
			out.SetRGBA(x, y, color.RGBA{mix(0), mix(1), mix(2), 255})
		}
	}
	return out, nil
}
