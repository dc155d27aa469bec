package sheet_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/sheet"
)

// 8-bit values in a 16-bit film are seen, and a film of one gray is left as it is.
func TestThumbIsFromBlackToWhite(t *testing.T) {
	film := &cxr.Image{Width: 256, Height: 256, Depth: 16, Pix: make([]uint16, 256*256)}
	if m := sheet.Thumb(film); m.Pix[0] != 0 {
		t.Errorf("a black film has %d", m.Pix[0])
	}
	for i := range film.Pix {
		film.Pix[i] = uint16(i % 256)
	}
	m := sheet.Thumb(film)
	if m.Width != sheet.Side || m.Pix[0] != 0 || m.Pix[sheet.Side-1] != 65535 {
		t.Errorf("%v, from %d to %d", m, m.Pix[0], m.Pix[sheet.Side-1])
	}
	if film.Pix[255] != 255 {
		t.Error("the film itself was changed")
	}
}

func TestPNG(t *testing.T) {
	thumb := &cxr.Image{Width: 100, Height: 200, Depth: 8, Pix: make([]uint16, 100*200)}
	for i := range thumb.Pix {
		thumb.Pix[i] = 200
	}
	film := sheet.Film{Thumb: thumb, Caption: "a/very/long/path/that/has/no/room/below/one/film.dcm", Color: sheet.Blue}
	data, err := sheet.PNG([]sheet.Row{{Title: "one", Films: []sheet.Film{film}}, {Title: "two", Films: []sheet.Film{film, film}}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds().Dx() != sheet.Gap+2*(sheet.Side+sheet.Gap) {
		t.Errorf("picture of %v", m.Bounds())
	}
	center := image.Pt(sheet.Gap+sheet.Side/2, sheet.Gap+40+sheet.Side/2)
	if r, _, _, _ := m.At(center.X, center.Y).RGBA(); r>>8 != 200 {
		t.Errorf("gray %d of the film's 200", r>>8)
	}
}
