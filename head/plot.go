package head

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// curveColors tell curves apart, also for most color-blind readers (Okabe and
// Ito 2008).
var curveColors = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{90, 90, 90, 255},
}

const sans = "Sans" // of gonum/plot's Liberation fonts

// PNG is a picture of the ROC curves, 800 x 800 pixels, with the AUC of each
// finding and its interval. Notebooks show it by themselves.
func (r *Report) PNG() []byte {
	const size, dpi = 5 * vg.Inch, 160
	c := vgimg.NewWith(vgimg.UseWH(size, size), vgimg.UseDPI(dpi))
	r.rocPlot().Draw(draw.New(c))
	var b bytes.Buffer
	vgimg.PngCanvas{Canvas: c}.WriteTo(&b) // a Buffer takes everything
	return b.Bytes()
}

func (r *Report) rocPlot() *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "1 - specificity", "sensitivity"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Padding, p.Y.Padding = 0, 0
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Size = vg.Points(12)
		axis.Label.Padding = vg.Points(6)
		axis.Tick.Label.Font.Size = vg.Points(10)
		axis.Label.TextStyle.Font.Variant, axis.Tick.Label.Font.Variant = sans, sans
	}
	p.Legend.Left, p.Legend.XOffs, p.Legend.YOffs = false, -vg.Points(8), vg.Points(8)
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	p.Legend.TextStyle.Font.Variant = sans
	p.Legend.ThumbnailWidth = vg.Points(18)
	p.Legend.Padding = vg.Points(2)

	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{230}, color.Gray{230}
	chance := &plotter.Line{XYs: plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}, LineStyle: draw.LineStyle{
		Color: color.Gray{150}, Width: vg.Points(1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)},
	}}
	p.Add(grid, chance)
	for i, f := range r.Findings {
		line := &plotter.Line{LineStyle: draw.LineStyle{Color: curveColors[i%len(curveColors)], Width: vg.Points(2)}}
		for _, point := range f.ROC {
			line.XYs = append(line.XYs, plotter.XY{X: 1 - point.Specificity, Y: point.Sensitivity})
		}
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("%s  %.2f (%.2f to %.2f)", f.Finding, f.AUC, f.AUCLow, f.AUCHigh), line)
	}
	return p
}
