package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A panel is the plot of one finding, among those of others: curves of many
// findings in one plot cannot be told apart.
type panel struct {
	finding, numbers string
	plot             *plot.Plot
}

// Sizes of panels.
const (
	panelSize  = 2.5 * vg.Inch // in a picture of several
	onlySize   = 4.8 * vg.Inch // alone in a picture
	pageWidth  = 2.6 * vg.Inch // in a page
	pageHeight = 2.2 * vg.Inch
	panelText  = 9
	onlyText   = 12
	maxColumns = 6
)

// multiples is a picture of panels beside and under each other.
func (r *Report) multiples(what string, panelOf func(f *FindingReport, size float64) panel) *Figure {
	n, side, size := len(r.Findings), vg.Length(panelSize), float64(panelText)
	if n == 1 {
		side, size = onlySize, onlyText
	}
	columns := max(1, min(maxColumns, n, int(math.Ceil(math.Sqrt(float64(n))))))
	rows := max(1, (n+columns-1)/columns)
	return &Figure{
		Title: r.titled(what), width: vg.Length(columns) * side, height: vg.Length(rows) * side,
		paint: func(c draw.Canvas) {
			tiles := draw.Tiles{Cols: columns, Rows: rows, PadX: 8, PadY: 8}
			for i := range r.Findings {
				p, at := panelOf(&r.Findings[i], size), tiles.At(c, i%columns, i/columns)
				p.plot.Title.Text = shorten(p.plot.Title.TextStyle, p.finding, at.Size().X) + "\n" + p.numbers
				p.plot.Draw(at)
			}
		},
	}
}

// titled is a part of a report under the report's title.
func (r *Report) titled(part string) string {
	if r.Title == "" {
		return part
	}
	return r.Title + ": " + part
}

// svg is the panel for a page, which tells the finding and the numbers itself.
func (p panel) svg() string {
	c := vgsvg.New(pageWidth, pageHeight)
	p.plot.Draw(draw.Crop(draw.New(c), 4, -10, 2, -6))
	return svgElement(c)
}

// PNG is [Report.ROC] as a PNG.
func (r *Report) PNG() []byte { return r.ROC().PNG() }

// SVG is [Report.ROC] as an SVG.
func (r *Report) SVG() string { return r.ROC().SVG() }

// ROC is the figure of the ROC curves, one panel for each finding, with its AUC
// and interval, and the band of [FindingReport.ROCBand], which holds the whole
// true curve in 95 % of samples.
func (r *Report) ROC() *Figure { return r.multiples("ROC curves", rocPanel) }

func rocPanel(f *FindingReport, size float64) panel {
	p := unitPlot("1 - specificity", "sensitivity", size)
	line, _ := curve(0)
	for _, point := range f.ROC {
		line.XYs = append(line.XYs, plotter.XY{X: 1 - point.Specificity, Y: point.Sensitivity})
	}
	line.XYs = corners(line.XYs)
	if band := f.bandPolygon(); band != nil {
		p.Add(band)
	}
	p.Add(thinLine(plotter.XY{}, plotter.XY{X: 1, Y: 1}), line)
	return panel{f.Finding, "AUC " + f.AUC.String(), p}
}

// bandPolygon is the band of a ROC curve; nil without films of both kinds, as of a
// report whose films are gone.
func (f *FindingReport) bandPolygon() *plotter.Polygon {
	if f.Positives == 0 || f.Positives == f.Films || len(f.sample.films) == 0 {
		return nil
	}
	points, err := f.ROCBand(200, 1)
	if err != nil {
		return nil
	}
	var high, low plotter.XYs
	for _, b := range points {
		high = append(high, plotter.XY{X: b.FalsePositives, Y: b.Sensitivity.High})
		low = append(low, plotter.XY{X: b.FalsePositives, Y: b.Sensitivity.Low})
	}
	slices.Reverse(low)
	fill := colors[0]
	fill.A = bandAlpha(1)
	return &plotter.Polygon{XYs: []plotter.XYs{slices.Concat(high, low)}, Color: fill}
}

// PR is the figure of the precision-recall curves, one panel for each finding,
// with its average precision; the broken line is the prevalence, which is what
// chance reaches.
func (r *Report) PR() *Figure { return r.multiples("Precision and recall", prPanel) }

func prPanel(f *FindingReport, size float64) panel {
	p := unitPlot("recall (sensitivity)", "precision (PPV)", size)
	line, _ := curve(0)
	recall := 0.0
	for _, point := range f.PR { // steps: a precision holds for the recall gained with it
		if point.Recall > recall {
			line.XYs = append(line.XYs, plotter.XY{X: recall, Y: point.Precision}, plotter.XY{X: point.Recall, Y: point.Precision})
			recall = point.Recall
		}
	}
	line.XYs = corners(line.XYs)
	prevalence := f.prevalence()
	p.Add(thinLine(plotter.XY{X: 0, Y: prevalence}, plotter.XY{X: 1, Y: prevalence}), line)
	return panel{f.Finding, fmt.Sprintf("average precision %.2f, of chance %.2f", f.AUPRC, prevalence), p}
}

func (f *FindingReport) prevalence() float64 { return float64(f.Positives) / float64(f.Films) }

// Calibration shows the share of films that have a finding beside the
// probability that the head gave them, with Wilson's intervals, by tenths; one
// panel for each finding.
func (r *Report) Calibration() *Figure { return r.multiples("Calibration", calibrationPanel) }

func calibrationPanel(f *FindingReport, size float64) panel {
	p := unitPlot("predicted probability", "observed share", size)
	p.Add(thinLine(plotter.XY{}, plotter.XY{X: 1, Y: 1}))
	line, mark := curve(0)
	points := &errorPoints{}
	for _, b := range f.Calibration {
		line.XYs = append(line.XYs, plotter.XY{X: b.Predicted, Y: b.Observed.Value})
		points.low, points.high = append(points.low, b.Observed.Value-b.Observed.Low), append(points.high, b.Observed.High-b.Observed.Value)
	}
	points.XYs = line.XYs
	if bars, err := plotter.NewYErrorBars(points); err == nil { // no films, no bars
		bars.LineStyle.Color, bars.LineStyle.Width = line.Color, 1
		p.Add(bars, line, &plotter.Scatter{XYs: line.XYs, GlyphStyle: mark})
	}
	return panel{f.Finding, fmt.Sprintf("slope %v, ECE %.3f", f.CalibrationSlope, f.ECE), p}
}

// errorPoints are points with the lengths of their bars down and up.
type errorPoints struct {
	plotter.XYs
	low, high []float64
}

func (e *errorPoints) YError(i int) (low, high float64) { return e.low[i], e.high[i] }

// corners are the points of a curve of steps at which it turns, less those that
// nobody could see apart.
func corners(points plotter.XYs) (kept plotter.XYs) {
	const tiny = 1.0 / 500
	for i, p := range points {
		if n := len(kept); i > 0 && i+1 < len(points) {
			last, next := kept[n-1], points[i+1]
			level := p.Y == last.Y && p.Y == next.Y || p.X == last.X && p.X == next.X
			if level || math.Abs(p.X-last.X) < tiny && math.Abs(p.Y-last.Y) < tiny {
				continue
			}
		}
		kept = append(kept, p)
	}
	return kept
}

// unitPlot is an empty plot of 0..1 by 0..1.
func unitPlot(x, y string, size float64) *plot.Plot {
	p := newPlot(x, y, size)
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
