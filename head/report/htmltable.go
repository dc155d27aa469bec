package report

import (
	"fmt"
	"math"
	"strings"
)

// A pageTable is a table that becomes a list of cards where it has no room.
type pageTable struct {
	Columns []string // the first Words of them hold words, the others numbers
	Words   int
	Rows    [][]pageCell
	Low     float64 // where the axis of bars begins
	Ticks   []pageTick
}

// A pageCell is what stands in a table, in parts between which a line may be
// broken, or a bar.
type pageCell struct {
	Label string // of the column
	Parts []string
	Bar   *pageBar
	Left  bool // as words are; numbers stand at the right
}

// A pageBar is an interval on an axis, in percent of its length.
type pageBar struct {
	Low, Value, High, Chance float64
	Whole                    bool // with an interval
}

// A pageTick is a number on the axis of bars, and where it stands in percent.
type pageTick struct {
	At    float64
	Label string
}

// row adds a row of cells in the order of the columns.
func (t *pageTable) row(cells ...pageCell) {
	for i := range cells {
		cells[i].Label, cells[i].Left = t.Columns[i], i < t.Words
	}
	t.Rows = append(t.Rows, cells)
}

func words(parts ...string) pageCell { return pageCell{Parts: parts} }

// inParts is a number that may be broken before its interval.
func inParts(interval string, more ...string) pageCell {
	if value, rest, ok := strings.Cut(interval, " ("); ok {
		return words(append([]string{value, "(" + rest}, more...)...)
	}
	return words(append([]string{interval}, more...)...)
}

// counted is a cell that the mean leaves empty.
func counted(of string) pageCell {
	if of == "" {
		return pageCell{}
	}
	return words(of)
}

func three(v float64) pageCell { return words(fmt.Sprintf("%.3f", v)) }

// forestTable is the forest plot: AUCs as numbers and as bars.
func (r *Report) forestTable() *pageTable {
	rows := r.forestRows()
	t := &pageTable{Columns: []string{"finding", "AUC (95 % interval)", "", "films with it / all", "patients with it / all"}, Words: 1, Low: forestMin(rows)}
	at := func(v float64) float64 { return 100 * (v - t.Low) / (1 - t.Low) }
	for _, v := range forestTicks(t.Low) {
		t.Ticks = append(t.Ticks, pageTick{at(v), fmt.Sprintf("%.1f", v)})
	}
	for _, row := range rows {
		bar := &pageBar{Value: at(row.AUC.Value), Chance: at(0.5), Whole: !math.IsNaN(row.AUC.Low) && !math.IsNaN(row.AUC.High)}
		if bar.Whole {
			bar.Low, bar.High = at(row.AUC.Low), at(row.AUC.High)
		}
		if math.IsNaN(row.AUC.Value) {
			bar = nil
		}
		t.row(words(row.Name), inParts(row.AUC.String()), pageCell{Bar: bar}, counted(row.Third), counted(row.Fourth))
	}
	return t
}

// qualityTable tells how far probabilities can be believed.
func (r *Report) qualityTable() *pageTable {
	t := &pageTable{Columns: []string{"finding", "AUPRC (of chance)", "Brier", "log loss", "calibration slope", "calibration intercept", "ECE (of right ones)"}, Words: 1}
	for _, f := range r.Findings {
		t.row(words(f.Finding), words(fmt.Sprintf("%.3f", f.AUPRC), fmt.Sprintf("(%.3f)", f.prevalence())), three(f.Brier), three(f.LogLoss),
			inParts(f.CalibrationSlope.String()), inParts(f.CalibrationIntercept.String()), words(fmt.Sprintf("%.3f", f.ECE), fmt.Sprintf("(%.3f)", f.PerfectECE)))
	}
	return t
}

// setsTable tells how often conformal sets hold the truth; nil: there are none.
func (r *Report) setsTable() *pageTable {
	t := &pageTable{Columns: []string{"finding", "sets hold the truth: of films with it", "of films without", "present or absent"}, Words: 1}
	for _, f := range r.Findings {
		if s := f.Sets; s != nil {
			t.row(words(f.Finding), inParts(percent(s.Positive)), inParts(percent(s.Negative)), inParts(percent(s.Known)))
		}
	}
	return t.orNil()
}

// orNil is the table, or nil if it has no rows.
func (t *pageTable) orNil() *pageTable {
	if t.Rows == nil {
		return nil
	}
	return t
}

// pointsTable is of the operating points; nil: there are none.
func (r *Report) pointsTable() *pageTable {
	t := &pageTable{Columns: []string{"finding", "threshold chosen by", "threshold", "sensitivity", "specificity", "PPV", "NPV"}, Words: 2}
	of := func(right, wrong int) string { return fmt.Sprintf("%d of %d", right, right+wrong) }
	for _, f := range r.Findings {
		for _, p := range f.Points {
			t.row(words(f.Finding), words(p.Rule+p.chosenOn()), three(p.Threshold),
				inParts(percent(p.Sensitivity), of(p.TruePositives, p.FalseNegatives)), inParts(percent(p.Specificity), of(p.TrueNegatives, p.FalsePositives)),
				inParts(percent(p.PPV), of(p.TruePositives, p.FalsePositives)), inParts(percent(p.NPV), of(p.TrueNegatives, p.FalseNegatives)))
		}
	}
	return t.orNil()
}

// groupsTable is of the subgroups; nil: there are none.
func (r *Report) groupsTable() *pageTable {
	t := &pageTable{Columns: []string{"finding", "group", "films with it / all", "AUC (95 % interval)", "p of one AUC", "beware"}, Words: 2}
	for _, g := range r.Subgroups {
		value := g.Value
		if value == "" {
			value = "not told"
		}
		t.row(words(g.Finding), words(g.Attribute, value), words(fmt.Sprintf("%d / %d", g.Positives, g.Films)),
			inParts(g.AUC.String()), words(pValue(g.Same)), words(strings.Join(g.Warnings, "; ")))
	}
	return t.orNil()
}
