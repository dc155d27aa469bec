package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CurvesFigure shows learning curves together, over the logarithm of the number
// of films, with their intervals as bands. The legend beside them has the AUC at
// the largest number.
func CurvesFigure(curves ...Curve) *Figure {
	p := newPlot("labeled films to train on", "AUC (95 % interval)", onlyText)
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = filmTicks(curves), tenths(1)
	p.Y.Min, p.Y.Max = 0.5, 1
	p.X.Min, p.X.Max = math.Inf(1), math.Inf(-1)
	var names []legendLine
	var lines []plot.Plotter // above all bands
	for i, c := range curves {
		line, mark := curve(i)
		var high, low plotter.XYs
		for _, point := range c.Points {
			x := float64(point.Films)
			line.XYs = append(line.XYs, plotter.XY{X: x, Y: point.AUC.Value})
			high, low = append(high, plotter.XY{X: x, Y: point.AUC.High}), append(low, plotter.XY{X: x, Y: point.AUC.Low})
			p.X.Min, p.X.Max = min(p.X.Min, x), max(p.X.Max, x)
			p.Y.Min = min(p.Y.Min, math.Floor(10*point.AUC.Low)/10)
		}
		slices.Reverse(low)
		band := colors[i%len(colors)]
		band.A = bandAlpha(len(curves))
		p.Add(&plotter.Polygon{XYs: []plotter.XYs{slices.Concat(high, low)}, Color: band})
		lines = append(lines, line, &plotter.Scatter{XYs: line.XYs, GlyphStyle: mark})
		names = append(names, legendLine{c.Name, c.last(), line.LineStyle, mark})
	}
	if p.X.Min > p.X.Max { // no points
		p.X.Min, p.X.Max = 8, 8
	}
	if p.X.Min == p.X.Max {
		p.X.Max *= 2
	}
	p.Add(lines...)
	p.Add(thinLine(plotter.XY{X: p.X.Min, Y: 0.5}, plotter.XY{X: p.X.Max, Y: 0.5}))
	return &Figure{
		Title: "AUC by the number of labeled films", width: curvesWidth, height: max(curvesHeight, vg.Length(len(names))*legendRow+30),
		paint: func(c draw.Canvas) {
			p.Draw(draw.Crop(c, 0, -legendWidth, 0, 0))
			paintLegend(draw.Crop(c, curvesWidth-legendWidth-10, 0, 0, 0), names)
		},
	}
}

// Sizes of a figure of learning curves.
const (
	curvesWidth  = 8.6 * vg.Inch
	curvesHeight = 4.5 * vg.Inch
	legendWidth  = 2.9 * vg.Inch
	legendRow    = 36
)

// bandAlpha is how much of a band is seen: less of many.
func bandAlpha(bands int) uint8 { return uint8(max(10, 40/max(1, bands/2))) }

// last is the AUC at the largest number of films, in words.
func (c Curve) last() string {
	if len(c.Points) == 0 {
		return "no head could be trained"
	}
	p := c.Points[len(c.Points)-1]
	return fmt.Sprintf("%v at %d", p.AUC, p.Films)
}

// A legendLine is a line's name and number beside a figure.
type legendLine struct {
	name, number string
	line         draw.LineStyle
	mark         draw.GlyphStyle
}

func paintLegend(c draw.Canvas, lines []legendLine) {
	const sample, size = 26, 10.5
	style, y := textStyle(size), c.Max.Y-size-4
	for _, l := range lines {
		mid := y + size/3
		c.StrokeLine2(l.line, c.Min.X, mid, c.Min.X+sample, mid)
		c.DrawGlyph(l.mark, vg.Point{X: c.Min.X + sample/2, Y: mid})
		at := c.Min.X + sample + 6
		c.FillText(style, vg.Point{X: at, Y: y}, shorten(style, l.name, c.Max.X-at))
		c.FillText(style, vg.Point{X: at, Y: y - size - 3}, l.number)
		y -= legendRow
	}
}

// filmTicks are the numbers of films that were tried, without those that would
// crowd the axis.
func filmTicks(curves []Curve) plot.ConstantTicks {
	var sizes []int
	for _, c := range curves {
		for _, p := range c.Points {
			sizes = append(sizes, p.Films)
		}
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	var ticks plot.ConstantTicks
	for k, last := len(sizes)-1, math.Inf(1); k >= 0; k-- { // from the largest, which is told in any case
		if n := sizes[k]; 1.6*float64(n) <= last {
			ticks = append(ticks, plot.Tick{Value: float64(n), Label: fmt.Sprint(n)})
			last = float64(n)
		}
	}
	return ticks
}
