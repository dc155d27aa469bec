package board

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Value is what somebody says of a finding in a film.
type Value uint8

// Values.
const (
	None    Value = iota // nothing
	Absent               // 0 in tables
	Present              // 1
	Unsure               // -1
)

func (v Value) cell() string { return [...]string{"", "0", "1", "-1"}[v] }

// labels are those of all films, with what it takes to undo them and to tell
// changes of two pages apart.
type labels struct {
	findings []string
	values   [][]Value  // by finding and film
	changed  [][]uint64 // likewise: the revision of the last change; 0: as it was read
	by       [][]string // likewise: the page that made it; "" at first
	told     []bool     // by film: it has a row in the file
	others   []row      // of the file, for films that are not here
	history  []change
	revision uint64 // of the last change
}

// A change is what one action did.
type change struct {
	page    string
	finding int
	films   []int
	before  []Value
	after   Value
}

// A Conflict is a film whose label another page has changed meanwhile.
type Conflict struct {
	Film  int   `json:"film"`
	Value Value `json:"value"`
}

// ErrConflict is of labels that another page has changed meanwhile.
var ErrConflict = errors.New("another page has changed these labels meanwhile")

// ErrFinding is of a finding that nobody has added.
var ErrFinding = errors.New("there is no such finding")

// remembered is how many changes can be undone.
const remembered = 1000

// A Change asks for a label of a finding in films. Base is the revision of labels
// that the page had seen.
type Change struct {
	Page    string `json:"page"`
	Base    uint64 `json:"base"`
	Finding string `json:"finding"`
	Films   []int  `json:"films"`
	Value   Value  `json:"value"`
}

// Label makes a change in memory, all of it or none; Save keeps it. A label that
// another page has changed since Base is a conflict.
func (b *Board) Label(c Change) (revision uint64, conflicts []Conflict, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.labels
	f := slices.Index(l.findings, c.Finding)
	switch {
	case f < 0:
		return 0, nil, ErrFinding
	case c.Value > Unsure:
		return 0, nil, fmt.Errorf("label %d, want 0 to %d", c.Value, Unsure)
	case len(c.Films) == 0:
		return 0, nil, errors.New("no film to label")
	}
	made := change{page: c.Page, finding: f, after: c.Value}
	for _, i := range c.Films {
		if i < 0 || i >= len(b.films) {
			return 0, nil, ErrNoFilm
		}
		if l.values[f][i] == c.Value {
			continue
		}
		if l.changed[f][i] > c.Base && l.by[f][i] != c.Page {
			conflicts = append(conflicts, Conflict{i, l.values[f][i]})
			continue
		}
		made.films = append(made.films, i)
		made.before = append(made.before, l.values[f][i])
	}
	if conflicts != nil {
		return l.revision, conflicts, ErrConflict
	}
	if len(made.films) == 0 {
		return l.revision, nil, nil
	}
	for _, i := range made.films {
		b.put(f, i, c.Value, c.Page)
	}
	if l.history = append(l.history, made); len(l.history) > remembered {
		l.history = l.history[1:]
	}
	return b.changedLabels(), nil, nil
}

// put sets a label; changedLabels is to follow.
func (b *Board) put(f, i int, v Value, page string) {
	l := &b.labels
	l.values[f][i], l.changed[f][i], l.by[f][i], l.told[i] = v, b.revision+1, page, true
}

// changedLabels is the new revision after labels were put.
func (b *Board) changedLabels() uint64 {
	b.revision++
	b.labels.revision = b.revision
	b.wake()
	return b.revision
}

// An Undone is what Undo took back.
type Undone struct {
	Revision uint64 `json:"revision"`
	Finding  string `json:"finding"`
	Films    []int  `json:"films"`
}

// ErrNothing is of an Undo without a change of the page.
var ErrNothing = errors.New("there is nothing to undo")

// Undo takes the last change of a page back, unless another page has changed one of
// its labels since.
func (b *Board) Undo(page string) (Undone, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.labels
	for at := len(l.history) - 1; at >= 0; at-- {
		c := l.history[at]
		if c.page != page {
			continue
		}
		for _, i := range c.films {
			if l.values[c.finding][i] != c.after || l.by[c.finding][i] != page {
				return Undone{}, ErrConflict
			}
		}
		l.history = slices.Delete(l.history, at, at+1)
		for k, i := range c.films {
			b.put(c.finding, i, c.before[k], page)
		}
		return Undone{b.changedLabels(), l.findings[c.finding], c.films}, nil
	}
	return Undone{}, ErrNothing
}

// AddFinding adds a finding of the user's own.
func (b *Board) AddFinding(name string) error {
	name = strings.TrimSpace(name)
	if err := checkFinding(name); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	const most = 200
	for _, other := range b.labels.findings {
		if strings.EqualFold(other, name) {
			return fmt.Errorf("there is a finding %q", other)
		}
	}
	if len(b.labels.findings) >= most {
		return fmt.Errorf("there are %d findings, which is the most", most)
	}
	b.addFinding(name)
	b.changedLabels()
	return nil
}

func (b *Board) addFinding(name string) int {
	l, n := &b.labels, len(b.films)
	l.findings = append(l.findings, name)
	l.values = append(l.values, make([]Value, n))
	l.changed = append(l.changed, make([]uint64, n))
	l.by = append(l.by, make([]string, n))
	for k := range l.others {
		l.others[k].values = append(l.others[k].values, None)
	}
	return len(l.findings) - 1
}

// grow makes room for the labels of all films.
func (l *labels) grow(films int) {
	more := films - len(l.told)
	l.told = append(l.told, make([]bool, more)...)
	for f := range l.findings {
		l.values[f] = append(l.values[f], make([]Value, more)...)
		l.changed[f] = append(l.changed[f], make([]uint64, more)...)
		l.by[f] = append(l.by[f], make([]string, more)...)
	}
}

// Findings are the findings, and the revision of the labels.
func (b *Board) Findings() (findings []string, revision uint64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.labels.findings), b.labels.revision
}

// Labels are the labels of a finding by film, and their revision.
func (b *Board) Labels(finding string) ([]Value, uint64, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	f := slices.Index(b.labels.findings, finding)
	if f < 0 {
		return nil, 0, ErrFinding
	}
	return slices.Clone(b.labels.values[f]), b.labels.revision, nil
}

// take takes the labels of a table over those that are there. A table of the
// board's own may have rows for other films, which are kept.
func (b *Board) take(t *Table, own bool) error {
	places := make([]int, len(t.Findings()))
	for k, name := range t.Findings() {
		if places[k] = slices.Index(b.labels.findings, name); places[k] < 0 {
			places[k] = b.addFinding(name)
		}
	}
	here := make([]bool, len(t.labels.Rows))
	for i := range b.films {
		r, ok, err := t.labels.Find(b.films[i].ID)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		here[r] = true
		from, f := &t.labels.Rows[r], &b.films[i]
		if from.Patient != "" {
			b.belongTo(i, from.Patient)
		}
		if from.Split != "" {
			f.Split = from.Split
		}
		b.labels.told[i] = true
		for k, place := range places {
			b.labels.values[place][i] = t.value(r, k)
		}
	}
	if !own {
		return nil
	}
	for r, from := range t.labels.Rows {
		if here[r] {
			continue
		}
		other := row{id: from.ImageID, patient: from.Patient, split: from.Split, values: make([]Value, len(b.labels.findings))}
		for k, place := range places {
			other.values[place] = t.value(r, k)
		}
		b.labels.others = append(b.labels.others, other)
	}
	return nil
}

// table is the file of all labels; b.mu is held.
func (b *Board) table() []byte {
	l := &b.labels
	var rows []row
	groups := b.groups()
	for _, i := range b.sorted {
		if !l.told[i] {
			continue
		}
		r := row{id: b.films[i].ID, patient: groups[i], split: b.films[i].Split}
		for f := range l.findings {
			r.values = append(r.values, l.values[f][i])
		}
		rows = append(rows, r)
	}
	return encode(l.findings, append(rows, l.others...))
}

// Table is the labels as a CSV file, which head.ReadLabels reads.
func (b *Board) Table() []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return bytes.Clone(b.table())
}
