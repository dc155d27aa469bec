package report

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Forest is the figure of all AUCs with their intervals, a line for each finding,
// beside the numbers of films and patients that they come from. The broken line is
// chance.
func (r *Report) Forest() *Figure {
	title := "AUC (95 % interval)"
	if r.Validated != nil {
		title = "AUC by cross-validation (95 % interval)"
	}
	return forestFigure(r.titled(title), forest{"finding", "films with it", "patients with it", r.forestRows()})
}

// A forest is lines with intervals, and what stands in the columns beside them.
type forest struct {
	name, third, fourth string // of columns; that of the AUC has its own
	rows                []forestLine
}

func forestFigure(title string, f forest) *Figure {
	return &Figure{
		Title: title, width: forestWidth, height: vg.Length(len(f.rows)+3) * forestRow,
		paint: func(c draw.Canvas) { f.paint(c) },
	}
}

// Sizes of the forest plot, and where its columns begin.
const (
	forestWidth = 9.2 * vg.Inch
	forestRow   = 20
	forestText  = 10.5

	forestAUC     = 180
	forestBars    = 300
	forestBarsEnd = 480
	forestThird   = 500
	forestFourth  = 575
)

// A forestLine is one line of the forest plot.
type forestLine struct {
	Name          string
	AUC           Interval
	Third, Fourth string
	style         forestStyle
}

type forestStyle int

const (
	plainLine   forestStyle = iota
	meanLine                // of others
	headingLine             // of those that follow: a name alone
)

func (r *Report) forestRows() (rows []forestLine) {
	for _, f := range r.Findings {
		rows = append(rows, forestLine{f.Finding, f.AUC, fmt.Sprintf("%d / %d", f.Positives, f.Films), fmt.Sprintf("%d / %d", f.PositivePatients, f.Patients), plainLine})
	}
	if !math.IsNaN(r.MacroAUC.Value) {
		rows = append(rows, forestLine{fmt.Sprintf("mean of %d findings", len(rows)), r.MacroAUC, "", "", meanLine})
	}
	return rows
}

// forestMin is where the axis of AUCs begins: at chance, or below the lowest
// interval.
func forestMin(rows []forestLine) float64 {
	low := 0.5
	for _, r := range rows {
		for _, v := range []float64{r.AUC.Value, r.AUC.Low} {
			if v < low {
				low = math.Floor(10*v) / 10
			}
		}
	}
	return low
}

// forestTicks are the numbers on the axis, few enough to stand beside each other.
func forestTicks(low float64) (ticks []float64) {
	step := 1
	if low < 0.5 {
		step = 2
	}
	for k := 10; k >= int(math.Round(10*low)); k -= step {
		ticks = append(ticks, float64(k)/10)
	}
	return ticks
}

func (f forest) paint(c draw.Canvas) {
	rows := f.rows
	style, low := textStyle(forestText), forestMin(rows)
	muted := style
	muted.Color = color.Gray{90}
	x := func(v float64) vg.Length {
		return c.Min.X + forestBars + vg.Length((v-low)/(1-low))*(forestBarsEnd-forestBars)
	}
	write := func(s draw.TextStyle, column, y vg.Length, text string) {
		c.FillText(s, vg.Point{X: c.Min.X + column, Y: y}, text)
	}
	y := c.Max.Y - forestRow
	for column, name := range map[vg.Length]string{5: f.name, forestAUC: "AUC (95 % interval)", forestThird: f.third, forestFourth: f.fourth} {
		write(muted, column, y, name)
	}
	bottom := y - vg.Length(len(rows))*forestRow - 8
	tick := muted
	tick.XAlign = text.XCenter
	for _, v := range forestTicks(low) {
		c.StrokeLine2(draw.LineStyle{Color: color.Gray{225}, Width: 1}, x(v), bottom, x(v), y-6)
		c.FillText(tick, vg.Point{X: x(v), Y: bottom - forestText - 2}, fmt.Sprintf("%.1f", v))
	}
	c.StrokeLine2(thinLine().LineStyle, x(0.5), bottom, x(0.5), y-6)
	for _, row := range rows {
		y -= forestRow
		mid := y + forestText/3
		if row.style == headingLine {
			bold := style
			bold.Font.Weight = boldWeight
			write(bold, 5, y, shorten(bold, row.Name, forestBars-15))
			continue
		}
		write(style, 5, y, shorten(style, row.Name, forestAUC-15))
		write(style, forestAUC, y, row.AUC.String())
		write(style, forestThird, y, row.Third)
		write(style, forestFourth, y, row.Fourth)
		if math.IsNaN(row.AUC.Value) {
			continue
		}
		line, mark := curve(0)
		if row.style == meanLine {
			line, mark = curve(6)
			line.Dashes = nil
		}
		mark.Shape, mark.Radius = draw.BoxGlyph{}, 3
		if !math.IsNaN(row.AUC.Low) && !math.IsNaN(row.AUC.High) {
			c.StrokeLine2(line.LineStyle, x(row.AUC.Low), mid, x(row.AUC.High), mid)
		}
		c.DrawGlyph(mark, vg.Point{X: x(row.AUC.Value), Y: mid})
	}
}
