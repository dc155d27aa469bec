package board

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"

	"github.com/cxrkit/cxrkit/head"
)

// A Table is labels as a file has them.
type Table struct {
	labels *head.Labels
	unsure *head.Labels // the same, with what is unsure as present
}

// ReadTable reads a table as [head.ReadLabels] does; -1 is unsure.
func ReadTable(r io.Reader) (*Table, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return readTable(data, head.LabelOptions{})
}

func readTable(data []byte, o head.LabelOptions) (t *Table, err error) {
	t = &Table{}
	o.Uncertain = head.UncertainMissing
	if t.labels, err = head.ReadLabels(bytes.NewReader(data), &o); err != nil {
		return nil, err
	}
	o.Uncertain = head.UncertainPositive
	t.unsure, err = head.ReadLabels(bytes.NewReader(data), &o)
	return t, err
}

// readOwn reads a table that encode wrote: its findings are known, even those of
// which no film has a label, and it may have no film.
func readOwn(data []byte) (*Table, error) {
	r := csv.NewReader(bytes.NewReader(data))
	header, err := r.Read()
	if err != nil || len(header) < len(columns) || !slices.Equal(header[:len(columns)], columns) {
		return readTable(data, head.LabelOptions{})
	}
	findings := header[len(columns):]
	if _, err := r.Read(); err == io.EOF || len(findings) == 0 {
		none := &head.Labels{Findings: findings}
		return &Table{none, none}, nil
	}
	return readTable(data, head.LabelOptions{Image: columns[0], Patient: columns[1], Split: columns[2], Findings: findings})
}

// Findings are the table's.
func (t *Table) Findings() []string { return t.labels.Findings }

// value is the label of a finding, by its place, in a row.
func (t *Table) value(row, finding int) Value {
	switch t.labels.Rows[row].Labels[finding] {
	case head.Positive:
		return Present
	case head.Negative:
		return Absent
	}
	if t.unsure.Rows[row].Labels[finding] == head.Positive {
		return Unsure
	}
	return None
}

// columns of the tables that are written, before those of the findings.
var columns = []string{"image_id", "patient", "split"}

// A row is a film of a table to be written.
type row struct {
	id, patient, split string
	values             []Value // by finding
}

// encode is the file of a table.
func encode(findings []string, rows []row) []byte {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	w.Write(slices.Concat(columns, findings))
	for _, r := range rows {
		cells := []string{r.id, r.patient, r.split}
		for _, v := range r.values {
			cells = append(cells, v.cell())
		}
		w.Write(cells)
	}
	w.Flush() // a Buffer takes all
	return file.Bytes()
}

// checkFinding reports why a finding could not have a name: the table with a column
// of it would not be read again.
func checkFinding(name string) error {
	const most = 60
	switch {
	case name == "":
		return fmt.Errorf("a finding needs a name")
	case len(name) > most:
		return fmt.Errorf("the name has more than %d bytes", most)
	case name[0] == '=' || name[0] == '+' || name[0] == '-' || name[0] == '@':
		return fmt.Errorf("the name begins with %q, which spreadsheets take for a formula", name[0])
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return fmt.Errorf("the name has a control character in it")
		}
	}
	t, err := ReadTable(bytes.NewReader(encode([]string{name}, []row{{id: "a", patient: "p", values: []Value{Present}}, {id: "b", patient: "p", values: []Value{Unsure}}})))
	if err != nil || len(t.Findings()) != 1 || t.Findings()[0] != name || t.value(0, 0) != Present || t.value(1, 0) != Unsure {
		return fmt.Errorf("a column %q would not be read as a finding: choose another name", name)
	}
	return nil
}
