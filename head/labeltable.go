package head

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A table is the file as text, with the places of its columns.
type table struct {
	header  []string
	columns map[string]int // by lower-case name
	records [][]string
	line    []int
}

func readTable(lines *csv.Reader, header []string) (*table, error) {
	t := &table{header: header, columns: map[string]int{}}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := t.columns[name]; twice && name != "" {
			return nil, fmt.Errorf("labels: two columns %q", header[i])
		}
		t.columns[name] = i
	}
	for {
		record, err := lines.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
		line, _ := lines.FieldPos(0)
		t.records, t.line = append(t.records, record), append(t.line, line)
	}
}

func (t *table) column(name string) int {
	if i, ok := t.columns[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

func (t *table) value(record []string, name string) string {
	if i := t.column(name); i >= 0 {
		return strings.TrimSpace(record[i])
	}
	return ""
}

// weight of a film: 1 where the table does not tell.
func (t *table) weight(record []string) (float64, error) {
	text := t.value(record, "weight")
	if text == "" {
		return 1, nil
	}
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || !(w >= 0) || math.IsInf(w, 0) {
		return 0, errors.New("want a number of at least 0, or nothing")
	}
	return w, nil
}

// A findingColumn is where the labels of one finding stand: in a column of its
// own, or as a name in the list column.
type findingColumn struct {
	name   string
	column int
	listed bool
}

func (t *table) findings(o *LabelOptions) ([]findingColumn, error) {
	var found []findingColumn
	if len(o.Findings) == 0 {
		for i, name := range t.header {
			if name = strings.TrimSpace(name); !slices.Contains(notFindings, strings.ToLower(name)) && t.holdsLabels(i) {
				found = append(found, findingColumn{name: name, column: i})
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("labels: no column of 0 and 1 among %s", quoted(t.header))
		}
		return found, nil
	}
	for _, name := range o.Findings {
		switch i, list := t.column(name), t.column("findings"); {
		case i >= 0:
			found = append(found, findingColumn{name: strings.TrimSpace(t.header[i]), column: i})
		case list >= 0 && t.lists(list, name):
			found = append(found, findingColumn{name: name, column: list, listed: true})
		default:
			return nil, fmt.Errorf("labels: no finding %q; the columns are %s", name, quoted(t.header))
		}
	}
	return found, nil
}

// holdsLabels reports whether a column has nothing but labels, and at least one.
// A stray value must be reported, not skipped over, so a column counts as
// labels as soon as most of it is.
func (t *table) holdsLabels(column int) bool {
	labels, other := 0, 0
	for _, record := range t.records {
		switch strings.TrimSpace(record[column]) {
		case "0", "1", "-1", "0.0", "1.0", "-1.0":
			labels++
		case "":
		default:
			other++
		}
	}
	return labels > 9*other
}

func (t *table) lists(column int, name string) bool {
	for _, record := range t.records {
		if listed(record[column], name) {
			return true
		}
	}
	return false
}

func listed(list, name string) bool {
	for _, v := range strings.Split(list, "|") {
		if strings.EqualFold(strings.TrimSpace(v), name) {
			return true
		}
	}
	return false
}

func (f findingColumn) label(record []string, uncertain Uncertain) (Label, error) {
	text := strings.TrimSpace(record[f.column])
	if f.listed {
		switch {
		case text == "":
			return Missing, nil
		case listed(text, f.name):
			return Positive, nil
		}
		return Negative, nil
	}
	switch text {
	case "":
		return Missing, nil
	case "0", "0.0":
		return Negative, nil
	case "1", "1.0":
		return Positive, nil
	case "-1", "-1.0":
		switch uncertain {
		case UncertainMissing:
			return Missing, nil
		case UncertainNegative:
			return Negative, nil
		case UncertainPositive:
			return Positive, nil
		}
		return Missing, errors.New("uncertain label -1, and no policy for it was chosen")
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		text = "that is no number" // and may be anything, a name too
	}
	return Missing, fmt.Errorf("label %s, want 0, 1, -1 or nothing", text)
}

func quoted(names []string) string {
	list := make([]string, 0, len(names))
	for _, n := range names {
		list = append(list, fmt.Sprintf("%q", strings.TrimSpace(n)))
	}
	return strings.Join(list, ", ")
}
