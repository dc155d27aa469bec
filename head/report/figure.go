package report

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is a picture that renders itself; notebooks show it on their own. It
// must not be rendered by two goroutines at once.
type Figure struct{ plot *plot.Plot }

const figureSize = 5 * vg.Inch

// String is what a program without pictures shows.
func (f *Figure) String() string { return "a figure: see its PNG or SVG" }

// PNG is the picture at 800 x 800 pixels.
func (f *Figure) PNG() []byte {
	c := vgimg.NewWith(vgimg.UseWH(figureSize, figureSize), vgimg.UseDPI(160))
	f.draw(c)
	var b bytes.Buffer
	vgimg.PngCanvas{Canvas: c}.WriteTo(&b) // a Buffer takes everything
	return b.Bytes()
}

// SVG is the picture as an element that can stand in a page by itself.
func (f *Figure) SVG() string {
	c := vgsvg.New(figureSize, figureSize)
	f.draw(c)
	var b strings.Builder
	c.WriteTo(&b)
	svg := b.String()
	return svg[strings.Index(svg, "<svg"):] // without the XML prolog
}

// draw leaves a margin, or half of the labels at the ends would be cut off.
func (f *Figure) draw(c vg.CanvasSizer) {
	margin := vg.Points(10)
	f.plot.Draw(draw.Crop(draw.New(c), margin/2, -margin, margin/2, -margin))
}

// PNG is [Report.ROC] as a PNG.
func (r *Report) PNG() []byte { return r.ROC().PNG() }

// SVG is [Report.ROC] as an SVG.
func (r *Report) SVG() string { return r.ROC().SVG() }

// ROC is the figure of the ROC curves, with the AUC of each finding and its
// interval.
func (r *Report) ROC() *Figure {
	p := unitPlot("1 - specificity", "sensitivity")
	p.Add(diagonal())
	for i, f := range r.Findings {
		line := curve(i)
		for _, point := range f.ROC {
			line.XYs = append(line.XYs, plotter.XY{X: 1 - point.Specificity, Y: point.Sensitivity})
		}
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("%s  %v", f.Finding, f.AUC), line)
	}
	return &Figure{p}
}

// PR is the figure of the precision-recall curves, with the average precision
// of each finding; dots show the prevalence, which is what chance reaches.
func (r *Report) PR() *Figure {
	p := unitPlot("recall (sensitivity)", "precision (positive predictive value)")
	legendOnTop(p, len(r.Findings))
	for i, f := range r.Findings {
		line, chance := curve(i), curve(i)
		recall := 0.0
		for _, point := range f.PR { // steps: a precision holds for the recall gained with it
			if point.Recall > recall {
				line.XYs = append(line.XYs, plotter.XY{X: recall, Y: point.Precision}, plotter.XY{X: point.Recall, Y: point.Precision})
				recall = point.Recall
			}
		}
		prevalence := float64(f.Positives) / float64(f.Films)
		chance.XYs = plotter.XYs{{X: 0, Y: prevalence}, {X: 1, Y: prevalence}}
		chance.Width, chance.Dashes = vg.Points(1), []vg.Length{vg.Points(1), vg.Points(3)}
		p.Add(chance, line)
		p.Legend.Add(fmt.Sprintf("%s  %.2f", f.Finding, f.AUPRC), line)
	}
	return &Figure{p}
}

// Calibration shows the share of films that have a finding beside the
// probability that the head gave them, with Wilson's intervals, by tenths.
func (r *Report) Calibration() *Figure {
	p := unitPlot("predicted probability", "observed share")
	p.Add(diagonal())
	legendOnTop(p, len(r.Findings))
	p.Legend.Left, p.Legend.XOffs = true, vg.Points(8)
	for i, f := range r.Findings {
		line := curve(i)
		points := &errorPoints{}
		for _, b := range f.Calibration {
			line.XYs = append(line.XYs, plotter.XY{X: b.Predicted, Y: b.Observed.Value})
			points.low, points.high = append(points.low, b.Observed.Value-b.Observed.Low), append(points.high, b.Observed.High-b.Observed.Value)
		}
		points.XYs = line.XYs
		bars, err := plotter.NewYErrorBars(points)
		if err != nil {
			continue // no films, no bars
		}
		bars.LineStyle.Color, bars.LineStyle.Width = line.Color, vg.Points(1)
		dots := &plotter.Scatter{XYs: line.XYs, GlyphStyle: draw.GlyphStyle{Color: line.Color, Radius: vg.Points(3), Shape: draw.CircleGlyph{}}}
		p.Add(bars, line, dots)
		p.Legend.Add(fmt.Sprintf("%s  ECE %.3f, Brier %.3f", f.Finding, f.ECE, f.Brier), line, dots)
	}
	return &Figure{p}
}

// errorPoints are points with the lengths of their bars down and up.
type errorPoints struct {
	plotter.XYs
	low, high []float64
}

func (e *errorPoints) YError(i int) (low, high float64) { return e.low[i], e.high[i] }

// Colors tell curves apart, also for most color-blind readers (Okabe and Ito
// 2008); beyond them dashes do.
var colors = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{90, 90, 90, 255},
}

// curve is the empty line of finding i.
func curve(i int) *plotter.Line {
	style := draw.LineStyle{Color: colors[i%len(colors)], Width: vg.Points(2)}
	if k := i / len(colors); k > 0 {
		style.Dashes = []vg.Length{vg.Points(6), vg.Points(float64(2 * k))}
	}
	return &plotter.Line{LineStyle: style}
}

func diagonal() *plotter.Line {
	return &plotter.Line{XYs: plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}, LineStyle: draw.LineStyle{
		Color: color.Gray{150}, Width: vg.Points(1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)},
	}}
}

// unitPlot is an empty plot of 0..1 by 0..1 with a legend at the bottom right.
func unitPlot(x, y string) *plot.Plot {
	p := newPlot(x, y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = tenths(2), tenths(2)
	return p
}

// tenths are ticks from 0 to 1, every so many tenths.
func tenths(step int) (ticks plot.ConstantTicks) {
	for k := 0; k <= 10; k += step {
		ticks = append(ticks, plot.Tick{Value: float64(k) / 10, Label: fmt.Sprintf("%.1f", float64(k)/10)})
	}
	return ticks
}

// legendOnTop moves the legend of a [unitPlot] to the top, with room for it above
// the curves: for some lines, as many would leave none for the curves.
func legendOnTop(p *plot.Plot, lines int) {
	p.Legend.Top, p.Legend.YOffs = true, 0
	p.Y.Max += 0.05 * float64(min(lines, 6))
}

func newPlot(x, y string) *plot.Plot {
	const sans = "Sans" // of gonum/plot's Liberation fonts
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Padding, p.Y.Padding = 0, 0
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Size = vg.Points(12)
		axis.Label.Padding = vg.Points(6)
		axis.Tick.Label.Font.Size = vg.Points(10)
		axis.Label.TextStyle.Font.Variant, axis.Tick.Label.Font.Variant = sans, sans
	}
	p.Legend.XOffs, p.Legend.YOffs = -vg.Points(8), vg.Points(8)
	p.Legend.TextStyle.Font.Size, p.Legend.TextStyle.Font.Variant = vg.Points(10), sans
	p.Legend.ThumbnailWidth, p.Legend.Padding = vg.Points(18), vg.Points(2)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{230}, color.Gray{230}
	p.Add(grid)
	return p
}
