package show

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// A Table is rows of text and numbers under a header.
type Table struct {
	header []string
	rows   [][]string
	number []bool // of a column: all its cells are numbers
}

// NewTable is a table without rows.
func NewTable(header ...string) *Table {
	t := &Table{header: header, number: make([]bool, len(header))}
	for i := range t.number {
		t.number[i] = true
	}
	return t
}

// Row adds a row and gives the table back. Numbers with a fraction are shown
// with two decimals.
func (t *Table) Row(cells ...any) *Table {
	row := make([]string, len(t.header))
	for i := range min(len(cells), len(row)) {
		switch v := cells[i].(type) {
		case float64:
			row[i] = fmt.Sprintf("%.2f", v)
		case float32:
			row[i] = fmt.Sprintf("%.2f", v)
		case int, int64, uint64:
			row[i] = fmt.Sprint(v)
		default:
			row[i], t.number[i] = fmt.Sprint(v), false
		}
	}
	t.rows = append(t.rows, row)
	return t
}

// HTML is the table for a page.
func (t *Table) HTML() string {
	var b strings.Builder
	b.WriteString("<table>\n<thead>")
	t.line(&b, "th", t.header)
	b.WriteString("</thead>\n<tbody>\n")
	for _, row := range t.rows {
		t.line(&b, "td", row)
	}
	b.WriteString("</tbody>\n</table>")
	return b.String()
}

func (t *Table) line(b *strings.Builder, tag string, cells []string) {
	b.WriteString("<tr>")
	for i, c := range cells {
		align := "left"
		if t.number[i] {
			align = "right"
		}
		fmt.Fprintf(b, `<%s style="text-align: %s">%s</%[1]s>`, tag, align, html.EscapeString(c))
	}
	b.WriteString("</tr>\n")
}

// String is the table in columns.
func (t *Table) String() string {
	widths := make([]int, len(t.header))
	lines := append([][]string{t.header}, t.rows...)
	for _, cells := range lines {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, cells := range lines {
		line := ""
		for i, c := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if t.number[i] {
				line += pad + c + "  "
			} else {
				line += c + pad + "  "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
