// Package show has what notebooks show beside the library's own figures: films
// side by side, embeddings as points, tables, and films with headers to choose.
// Sheets, scatter plots and tables render themselves as the last value of a cell.
package show

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/cxrkit/cxrkit/cxr"
)

// Check ends the cell with the error, if there is one. It keeps cells short; a
// program would handle its errors.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

// A Sheet is films side by side with a line of text under each.
type Sheet struct {
	Columns int // films in a row; 0: 4
	Tile    int // pixels that a film is shown at; 0: 200
	entries []entry
}

type entry struct {
	film    *cxr.Image
	caption string
	marked  bool
}

// Films is a sheet of films under their names, in one row of up to four.
func Films(films ...*cxr.Image) *Sheet {
	s := &Sheet{}
	for _, f := range films {
		s.Add(f, f.ID)
	}
	return s
}

// Add adds a film with a caption.
func (s *Sheet) Add(film *cxr.Image, caption string) {
	s.entries = append(s.entries, entry{film, caption, false})
}

// AddMarked adds a film with a caption and an orange frame.
func (s *Sheet) AddMarked(film *cxr.Image, caption string) {
	s.entries = append(s.entries, entry{film, caption, true})
}

// String counts the films.
func (s *Sheet) String() string { return fmt.Sprintf("a sheet of %d films", len(s.entries)) }

const (
	gap      = 10
	frame    = 3
	caption  = 24
	fontSize = 13
)

var (
	ink   = color.RGBA{40, 40, 40, 255}
	paper = color.RGBA{255, 255, 255, 255}
	mark  = color.RGBA{213, 94, 0, 255}
)

// PNG is the sheet as a PNG file; nil without films.
func (s *Sheet) PNG() []byte {
	if len(s.entries) == 0 {
		return nil
	}
	columns, tile := s.Columns, s.Tile
	if columns < 1 {
		columns = 4
	}
	if tile < 1 {
		tile = 200
	}
	columns = min(columns, len(s.entries))
	rows := (len(s.entries) + columns - 1) / columns
	heights, total := make([]int, rows), gap
	thumbs := make([]*cxr.Image, len(s.entries))
	for i, e := range s.entries {
		thumbs[i] = thumbnail(e.film, tile)
		heights[i/columns] = max(heights[i/columns], thumbs[i].Height)
	}
	for _, h := range heights {
		total += h + caption + gap
	}
	sheet := s.canvas(image.Rect(0, 0, gap+columns*(tile+gap), total))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	face := textFace()
	top := gap
	for r, height := range heights {
		for c := range columns {
			i := r*columns + c
			if i == len(s.entries) {
				break
			}
			left := gap + c*(tile+gap)
			at := thumbs[i].Bounds().Add(image.Pt(left+(tile-thumbs[i].Width)/2, top+(height-thumbs[i].Height)/2))
			text := color.Color(ink)
			if s.entries[i].marked {
				text = mark
				draw.Draw(sheet, at.Inset(-frame), image.NewUniform(mark), image.Point{}, draw.Src)
			}
			draw.Draw(sheet, at, thumbs[i], image.Point{}, draw.Src)
			d := font.Drawer{Dst: sheet, Src: image.NewUniform(text), Face: face}
			line := fitted(&d, s.entries[i].caption, tile)
			d.Dot = fixed.P(left+(tile-d.MeasureString(line).Round())/2, top+height+18)
			d.DrawString(line)
		}
		top += height + caption + gap
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		return nil // a Buffer takes everything
	}
	return b.Bytes()
}

// canvas is gray unless something is marked: color makes files of twice the size.
func (s *Sheet) canvas(r image.Rectangle) draw.Image {
	for _, e := range s.entries {
		if e.marked {
			return image.NewRGBA(r)
		}
	}
	return image.NewGray(r)
}

// fitted is as much of a text as fits a width.
func fitted(d *font.Drawer, text string, width int) string {
	if d.MeasureString(text).Ceil() <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && d.MeasureString(string(runes)+"…").Ceil() > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// thumbnail is a film that fits a square. Shown at 8 bits it makes a small PNG.
func thumbnail(m *cxr.Image, tile int) *cxr.Image {
	small := m.Fit(tile, cxr.KernelArea)
	if small.Depth == 16 {
		small.Depth = 8
		for i, v := range small.Pix {
			small.Pix[i] = v >> 8
		}
	}
	return small
}

func textFace() font.Face {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // a font of the Go project does not change
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	return face
}
