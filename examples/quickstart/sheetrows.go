package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/sheet"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// perSide is how many films with the highest, and with the lowest scores are shown.
const perSide = 3

type scored struct {
	thumb *cxr.Image
	score float64
	truth bool
}

// sheetRows picks the films to show: of each finding those with the highest
// and the lowest scores.
func sheetRows(r *report.Report, h head.Head, test *head.Dataset, thumbs map[string]*cxr.Image) ([]sheet.Row, error) {
	var rows []sheet.Row
	for f, finding := range r.Findings {
		if f == perPage {
			break
		}
		var films []scored
		for _, e := range test.Examples {
			if e.Labels[f] == head.Missing {
				continue
			}
			p, err := h.Predict(e.Embedding)
			if err != nil {
				return nil, err
			}
			films = append(films, scored{thumbs[e.Embedding.ID], p[f], e.Labels[f] == head.Positive})
		}
		slices.SortStableFunc(films, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		if len(films) > 2*perSide {
			films = slices.Concat(films[:perSide], films[len(films)-perSide:])
		}
		row := sheet.Row{
			Title: fmt.Sprintf("%s: AUC %.2f (%.2f to %.2f); highest scores left, lowest right", finding.Finding, finding.AUC.Value, finding.AUC.Low, finding.AUC.High),
		}
		for _, film := range films {
			shown, word := sheet.Film{Thumb: film.thumb, Color: sheet.Blue}, "absent"
			if film.truth {
				shown.Color, word = sheet.Orange, "present"
			}
			shown.Caption = fmt.Sprintf("score %.2f   truth: %s", film.score, word)
			row.Films = append(row.Films, shown)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
