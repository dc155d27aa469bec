package board

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// Head is the file of the head of a finding, with a threshold.
func (b *Board) Head(finding string, threshold float64) ([]byte, error) {
	b.mu.RLock()
	l := b.learned[finding]
	b.mu.RUnlock()
	if l == nil || l.model == nil {
		return nil, ErrNoScores
	}
	spec := l.model.Spec()
	spec.Thresholds = []head.Threshold{{Finding: finding, Rule: "chosen by hand", Value: threshold, Films: len(l.from.films)}}
	m, err := head.NewModel(spec)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	_, err = m.WriteTo(&file)
	return file.Bytes(), err
}

// ReportPage is the page of what is known of a finding's heads, with an operating
// point.
func (b *Board) ReportPage(finding string, threshold float64) (string, error) {
	b.mu.RLock()
	l := b.learned[finding]
	b.mu.RUnlock()
	j, err := b.judged(finding)
	if err != nil {
		return "", err
	}
	r := *j.report
	r.Title = finding + " on films labeled by hand, which need not be like the others"
	r.Findings = slices.Clone(r.Findings)
	point, err := r.Findings[0].At(report.AtThreshold, threshold)
	if err != nil {
		return "", err
	}
	r.Findings[0].Points = append(slices.Clone(r.Findings[0].Points), point)
	if l != nil && l.model != nil {
		spec := l.model.Spec()
		r.Training, r.Space = &spec.Training, &spec.Space
	}
	return r.HTML(), nil
}

// ScoreTable is a CSV file of all films with, for each finding that was learned, the
// label, the head's probability, and of labeled films the probability by heads that
// had not seen the patient.
func (b *Board) ScoreTable() ([]byte, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	header := []string{"image_id"}
	type column struct {
		f      int
		l      *learned
		unseen map[int]float64
	}
	var columns []column
	for f, finding := range b.labels.findings {
		l := b.learned[finding]
		if l == nil || l.model == nil {
			continue
		}
		c := column{f, l, map[int]float64{}}
		if j := l.judgment; j != nil && j.report != nil {
			for k, i := range j.from.films {
				c.unseen[i] = j.unseen[k]
			}
		}
		columns = append(columns, c)
		header = append(header, finding, finding+" probability", finding+" probability unseen")
	}
	if columns == nil {
		return nil, ErrNoScores
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	w.Write(header)
	for _, i := range b.sorted {
		cells := []string{b.films[i].ID}
		for _, c := range columns {
			score, unseen := "", ""
			if i < len(c.l.scores) && c.l.scores[i] != unscored {
				score = strconv.FormatFloat(float64(c.l.scores[i]), 'g', 6, 32)
			}
			if p, ok := c.unseen[i]; ok {
				unseen = strconv.FormatFloat(p, 'g', 6, 64)
			}
			cells = append(cells, b.labels.values[c.f][i].cell(), score, unseen)
		}
		w.Write(cells)
	}
	w.Flush()
	return file.Bytes(), nil
}

// Repeats is how often folds were dealt for the figures of a finding.
func (b *Board) Repeats(finding string) int {
	j, err := b.judged(finding)
	if err != nil {
		return 3
	}
	return j.report.Validated.Repeats
}
