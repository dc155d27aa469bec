package show_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/notebook/show"
)

// film is gray of one value.
func film(id string, width, height, depth int, value uint16) *cxr.Image {
	m := &cxr.Image{ID: id, Width: width, Height: height, Depth: depth, Pix: make([]uint16, width*height)}
	for i := range m.Pix {
		m.Pix[i] = value
	}
	return m
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSheetShowsFilms(t *testing.T) {
	s := show.Films(film("a", 100, 50, 8, 200), film("b", 50, 100, 16, 200<<8))
	s.Tile = 80
	m := decode(t, s.PNG())
	if got, want := m.Bounds(), image.Rect(0, 0, 190, 124); got != want {
		t.Fatalf("the sheet is %v, want %v", got, want)
	}
	for what, at := range map[string]image.Point{"an 8-bit film": {50, 50}, "a 16-bit film": {140, 50}} {
		if r, _, _, _ := m.At(at.X, at.Y).RGBA(); r>>8 != 200 {
			t.Errorf("%s is %d at its middle, want 200", what, r>>8)
		}
	}
	if s.String() != "a sheet of 2 films" {
		t.Errorf("%q", s)
	}
	s.AddMarked(film("c", 10, 10, 8, 0), strings.Repeat("a long caption ", 9))
	if m := decode(t, s.PNG()); m.Bounds().Dx() != 280 {
		t.Errorf("three films are %d pixels wide", m.Bounds().Dx())
	}
	s.Columns = 2
	if m := decode(t, s.PNG()); m.Bounds().Dx() != 190 || m.Bounds().Dy() <= 200 {
		t.Errorf("in two columns the sheet is %v", m.Bounds())
	}
	if show.Films().PNG() != nil {
		t.Error("a sheet of nothing")
	}
}

func TestTable(t *testing.T) {
	table := show.NewTable("finding", "AUC", "films").Row("<b>", 0.5, 7).Row("ö", 0.25, 12)
	if got, want := table.String(), "finding   AUC  films\n<b>      0.50      7\nö        0.25     12\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	page := table.HTML()
	for _, want := range []string{"&lt;b&gt;", `<td style="text-align: right">0.50</td>`, `<th style="text-align: left">finding</th>`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if short := show.NewTable("a", "b").Row("x").String(); short != "a  b\nx\n" {
		t.Errorf("a short row: %q", short)
	}
}

func TestScatter(t *testing.T) {
	var embeddings []*cxr.Embedding
	for i := range 6 {
		x, y := float32(i%3), float32(i/3)
		embeddings = append(embeddings, &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 3}, Values: []float32{10 * x, y, 0}})
	}
	groups := []string{"yes", "no", "no", "no", "no", "yes"}
	s, err := show.Embeddings(embeddings, groups)
	if err != nil {
		t.Fatal(err)
	}
	if s.String() != "a scatter plot: 4 no, 2 yes" {
		t.Errorf("%q", s)
	}
	decode(t, s.PNG())
	d := xml.NewDecoder(strings.NewReader(s.SVG()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("SVG is no XML: %v", err)
		}
	}
	if !strings.Contains(s.SVG(), "component 1: 100 % of the variance") {
		t.Error("the first component does not take nearly all")
	}
	equal := []*cxr.Embedding{embeddings[0], embeddings[0], embeddings[0]}
	for what, bad := range map[string][]*cxr.Embedding{
		"two":                 embeddings[:2],
		"more than groups":    append(embeddings, embeddings[0]),
		"equal":               equal,
		"of different length": {embeddings[0], embeddings[1], {Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}},
		"invalid":             {embeddings[0], embeddings[1], {}},
		"of one feature":      {{Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}, {Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{2}}, {Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{3}}},
	} {
		if _, err := show.Embeddings(bad, groups[:min(len(bad), 6)]); err == nil {
			t.Errorf("no error for embeddings that are %s", what)
		}
	}
}

func TestCheck(t *testing.T) {
	show.Check(nil)
	bad := errors.New("bad")
	defer func() {
		if recover() != bad {
			t.Error("the cell goes on")
		}
	}()
	show.Check(bad)
}
