package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/cxrkit/cxrkit/cxr"
)

// A table is the file of scores.
type table struct {
	*os.File
	done     map[string]bool // films in it
	findings int
}

// openTable opens a table to go on with, or a new one. A line that was cut off by
// a kill is taken off.
func openTable(name string, findings []string) (*table, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	t := &table{File: f, done: map[string]bool{}, findings: len(findings)}
	if err := t.resume(append(append([]string{"film"}, findings...), "refused")); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func (t *table) resume(header []string) error {
	b, err := io.ReadAll(t)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if err := t.Truncate(int64(whole)); err != nil {
		return err
	}
	if _, err := t.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	if whole == 0 {
		return t.line(header)
	}
	rows, err := csv.NewReader(bytes.NewReader(b[:whole])).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], header) {
		return errors.New("not a table of scores by this head: name another -out")
	}
	for _, row := range rows[1:] {
		t.done[row[0]] = true
	}
	return nil
}

// line writes a line at once.
func (t *table) line(cells []string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(cells)
	w.Flush()
	_, err := t.Write(b.Bytes())
	return err
}

func (t *table) score(id string, probabilities []float64) error {
	cells := []string{id}
	for _, p := range probabilities {
		cells = append(cells, strconv.FormatFloat(p, 'g', 6, 64))
	}
	return t.line(append(cells, ""))
}

// refuse tells the cause alone: the film is named beside.
func (t *table) refuse(id string, err error) error {
	var item *cxr.ItemError
	if errors.As(err, &item) {
		err = item.Err
	}
	return t.line(append(append([]string{id}, make([]string, t.findings)...), err.Error()))
}
