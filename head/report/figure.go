package report

import (
	"bytes"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is a picture that renders itself; notebooks show it on their own. It
// must not be rendered by two goroutines at once.
type Figure struct {
	Title string // above the picture; may be changed

	width, height vg.Length // without the title
	paint         func(c draw.Canvas)
}

const (
	dpi         = 160
	titleHeight = 32 * vg.Length(1)
	titleSize   = 13

	boldWeight = 3 // font.WeightBold of golang.org/x/image
)

// String is what a program without pictures shows.
func (f *Figure) String() string { return "a figure, " + f.Title + ": see its PNG or SVG" }

// PNG is the picture at 160 pixels an inch, some 800 of them across or more.
func (f *Figure) PNG() []byte {
	c := vgimg.NewWith(vgimg.UseWH(f.width, f.height+titleHeight), vgimg.UseDPI(dpi))
	f.draw(c)
	var b bytes.Buffer
	vgimg.PngCanvas{Canvas: c}.WriteTo(&b) // a Buffer takes everything
	return b.Bytes()
}

// SVG is the picture as an element that can stand in a page by itself.
func (f *Figure) SVG() string {
	c := vgsvg.New(f.width, f.height+titleHeight)
	f.draw(c)
	return svgElement(c)
}

func svgElement(c *vgsvg.Canvas) string {
	var b strings.Builder
	c.WriteTo(&b)
	svg := b.String()
	svg = svg[strings.Index(svg, "<svg"):]                                                                                    // without the XML prolog
	return strings.ReplaceAll(svg, "font-family:Liberation Sans;", "font-family:Liberation Sans,Arial,Helvetica,sans-serif;") // of one width
}

// draw leaves a margin, or half of the labels at the ends would be cut off.
func (f *Figure) draw(sized vg.CanvasSizer) {
	const margin = 10
	c := draw.New(sized)
	style := textStyle(titleSize)
	style.Font.Weight = boldWeight
	c.FillText(style, vg.Point{X: margin, Y: c.Max.Y - margin - titleSize}, shorten(style, f.Title, c.Size().X-2*margin))
	f.paint(draw.Crop(c, margin/2, -margin, margin/2, -titleHeight))
}

// textStyle is gonum/plot's Liberation Sans in a size, black, at its baseline's
// left.
func textStyle(size float64) draw.TextStyle {
	return draw.TextStyle{Color: color.Black, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(size)), Handler: plot.DefaultTextHandler}
}

// shorten cuts a text to a width, with an ellipsis.
func shorten(style text.Style, s string, width vg.Length) string {
	letters := []rune(s)
	for n := len(letters); n > 1 && style.Width(s) > width; n-- {
		s = strings.TrimRight(string(letters[:n-1]), " ,") + "…"
	}
	return s
}

// Colors tell lines apart, also for most color-blind readers (Okabe and Ito
// 2008); dashes and marks tell them apart without color.
var colors = []color.NRGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
	{86, 180, 233, 255}, {230, 159, 0, 255}, {60, 60, 60, 255},
}

// dashes and marks are so many that with the colors no two of 105 lines are alike.
var (
	dashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {9, 3, 2, 3}, {4, 6}}
	marks  = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}}
)

// curve is the empty line i and its marks.
func curve(i int) (*plotter.Line, draw.GlyphStyle) {
	c := colors[i%len(colors)]
	line := &plotter.Line{LineStyle: draw.LineStyle{Color: c, Width: 2, Dashes: dashes[i%len(dashes)]}}
	return line, draw.GlyphStyle{Color: c, Radius: 3, Shape: marks[i%len(marks)]}
}

// thinLine is for what lines are compared with.
func thinLine(points ...plotter.XY) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: color.Gray{140}, Width: 1, Dashes: []vg.Length{4, 3}}}
}

func newPlot(x, y string, size float64) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the figure's
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Padding, p.Y.Padding = 0, 0
	p.Title.TextStyle = textStyle(size)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = text.XCenter, text.YTop
	p.Title.Padding = 4
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.Padding = 3
		axis.Label.TextStyle.Font, axis.Tick.Label.Font = textStyle(size).Font, textStyle(size-1).Font
	}
	p.Legend.TextStyle.Font = textStyle(size - 1).Font
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	return p
}
