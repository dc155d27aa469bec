// Package sheet draws films side by side, in rows with titles, each with a line
// of text below it.
package sheet

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/cxrkit/cxrkit/cxr"
)

// Sizes in pixels.
const (
	Side    = 200 // a film is shown in a square of
	Gap     = 12
	caption = 26
	header  = 40
)

// Colors of frames and the text below them.
var (
	Ink    = color.RGBA{40, 40, 40, 255}
	Orange = color.RGBA{196, 78, 28, 255}
	Blue   = color.RGBA{38, 110, 160, 255}

	paper = color.RGBA{250, 250, 248, 255}
)

// A Row is films under a title.
type Row struct {
	Title string
	Films []Film
}

// A Film is a thumbnail with a line of text.
type Film struct {
	Thumb   *cxr.Image // see Thumb
	Caption string
	Color   color.Color
}

// Thumb is a film as a sheet shows it: small, and from black to white, whatever
// part of their range its pixels use. Where 16-bit files hold 8-bit values all of
// it would be black otherwise.
func Thumb(m *cxr.Image) *cxr.Image {
	small := *m.Fit(Side, cxr.KernelArea)
	low, high := slices.Min(small.Pix), slices.Max(small.Pix)
	if low == high {
		return &small
	}
	pix := make([]uint16, len(small.Pix))
	for i, v := range small.Pix {
		pix[i] = uint16(uint64(v-low) * uint64(small.Max()) / uint64(high-low))
	}
	small.Pix = pix
	return &small
}

// PNG draws rows under each other.
func PNG(rows []Row) ([]byte, error) {
	title, err := face(gobold.TTF, 20)
	if err != nil {
		return nil, err
	}
	text, err := face(goregular.TTF, 15)
	if err != nil {
		return nil, err
	}
	columns := 1
	for _, row := range rows {
		columns = max(columns, len(row.Films))
	}
	const rowHeight = header + Side + caption + Gap
	sheet := image.NewRGBA(image.Rect(0, 0, Gap+columns*(Side+Gap), Gap+len(rows)*rowHeight))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for r, row := range rows {
		top := Gap + r*rowHeight
		write(sheet, title, Ink, Gap, top+24, row.Title, sheet.Bounds().Dx()-2*Gap)
		for i, film := range row.Films {
			x, y := Gap+i*(Side+Gap), top+header
			draw.Draw(sheet, image.Rect(x-2, y-2, x+Side+2, y+Side+2), image.NewUniform(film.Color), image.Point{}, draw.Src)
			draw.Draw(sheet, image.Rect(x, y, x+Side, y+Side), image.Black, image.Point{}, draw.Src)
			at := image.Pt(x+(Side-film.Thumb.Width)/2, y+(Side-film.Thumb.Height)/2)
			draw.Draw(sheet, film.Thumb.Bounds().Add(at), film.Thumb, image.Point{}, draw.Src)
			write(sheet, text, film.Color, x, y+Side+20, film.Caption, Side)
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, sheet)
	return b.Bytes(), err
}

func face(ttf []byte, size float64) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// write writes a text that has so much room; what is too long loses its middle.
func write(dst draw.Image, f font.Face, c color.Color, x, y int, s string, width int) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, y)}
	letters := []rune(s)
	for n := len(letters); n > 8 && d.MeasureString(s).Ceil() > width; n-- {
		s = string(letters[:n/2]) + "…" + string(letters[len(letters)-n/2:])
	}
	d.DrawString(s)
}
