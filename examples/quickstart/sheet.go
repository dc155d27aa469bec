package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/cxrkit/cxrkit/cxr"
)

// A contact sheet shows, for each finding, the films that the classifier is
// surest of on either side, with its score and the truth.
const (
	tile    = 200 // pixels a film is shown at
	caption = 26
	gap     = 12
	header  = 40
	perSide = 3 // films with the highest, and with the lowest scores
)

var (
	paper    = color.RGBA{250, 250, 248, 255}
	ink      = color.RGBA{40, 40, 40, 255}
	positive = color.RGBA{196, 78, 28, 255}
	negative = color.RGBA{38, 110, 160, 255}
)

// A sheetRow is one finding's films, highest scores first.
type sheetRow struct {
	title string
	films []scored
}

type scored struct {
	thumb *cxr.Image
	score float64
	truth bool
}

func contactSheet(rows []sheetRow) (image.Image, error) {
	title, err := face(gobold.TTF, 20)
	if err != nil {
		return nil, err
	}
	text, err := face(goregular.TTF, 15)
	if err != nil {
		return nil, err
	}
	const rowHeight = header + tile + caption + gap
	sheet := image.NewRGBA(image.Rect(0, 0, gap+2*perSide*(tile+gap), gap+len(rows)*rowHeight))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for r, row := range rows {
		top := gap + r*rowHeight
		write(sheet, title, ink, gap, top+24, row.title)
		for i, film := range row.films {
			x, y := gap+i*(tile+gap), top+header
			frame, word := negative, "absent"
			if film.truth {
				frame, word = positive, "present"
			}
			draw.Draw(sheet, image.Rect(x-2, y-2, x+tile+2, y+tile+2), image.NewUniform(frame), image.Point{}, draw.Src)
			draw.Draw(sheet, image.Rect(x, y, x+tile, y+tile), image.Black, image.Point{}, draw.Src)
			at := image.Pt(x+(tile-film.thumb.Width)/2, y+(tile-film.thumb.Height)/2)
			draw.Draw(sheet, film.thumb.Bounds().Add(at), film.thumb, image.Point{}, draw.Src)
			write(sheet, text, frame, x, y+tile+20, fmt.Sprintf("score %.2f   truth: %s", film.score, word))
		}
	}
	return sheet, nil
}

func face(ttf []byte, size float64) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

func write(dst draw.Image, f font.Face, c color.Color, x, y int, s string) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(s)
}
