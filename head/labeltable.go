package head

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
)

// Limits of a table: the largest public ones have 60 MB and lines of 1 KB.
const (
	maxTable  = 256 << 20 // bytes
	maxRecord = 1 << 20
)

// A table is the file as text, with the places of its columns.
type table struct {
	header  []string
	columns map[string]int // by lower-case name
	records [][]string
	line    []int
}

// readTable reads what separates its columns off its first line.
func readTable(r io.Reader) (*table, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxTable+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxTable {
		return nil, fmt.Errorf("%w: a table of more than %d bytes", cxr.ErrTooLarge, maxTable)
	}
	if data, err = asUTF8(data); err != nil {
		return nil, err
	}
	if !bytes.ContainsRune(data, '\n') { // lines of the Macintosh of old
		data = bytes.ReplaceAll(data, []byte{'\r'}, []byte{'\n'})
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("empty file")
	}
	if err := checkRecords(data); err != nil {
		return nil, err
	}
	lines := csv.NewReader(bytes.NewReader(data))
	lines.Comma = separator(data)
	t := &table{columns: map[string]int{}}
	if t.header, err = lines.Read(); err != nil {
		return nil, lineError(err)
	}
	for {
		record, err := lines.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, lineError(err)
		}
		line, _ := lines.FieldPos(0)
		t.records, t.line = append(t.records, record), append(t.line, line)
	}
}

// asUTF8 drops a byte order mark and decodes UTF-16, which spreadsheets call
// Unicode.
func asUTF8(data []byte) ([]byte, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	}
	if order != nil {
		units := make([]uint16, len(data)/2-1)
		for i := range units {
			units[i] = order.Uint16(data[2*i+2:])
		}
		return []byte(string(utf16.Decode(units))), nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if utf8.Valid(data) {
		return data, nil
	}
	for line := 1; ; line++ {
		one, rest, more := bytes.Cut(data, []byte{'\n'})
		if !utf8.Valid(one) || !more {
			return nil, fmt.Errorf("line %d is not in UTF-8: save the table as UTF-8", line)
		}
		data = rest
	}
}

// checkRecords refuses records that are no record of a table, before the reader
// makes room for them.
func checkRecords(data []byte) error {
	start, line, quoted := 0, 1, false
	for i, b := range data {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			start, line = i+1, line+1
		case i-start > maxRecord:
			return fmt.Errorf("%w: line %d, or a quote that begins there, has more than %d bytes", cxr.ErrTooLarge, line, maxRecord)
		}
	}
	return nil
}

// separator is what occurs most in the first line.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte{'\n'})
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// lineError is what the CSV reader says, without what it may quote.
func lineError(err error) error {
	if e := (*csv.ParseError)(nil); errors.As(err, &e) {
		if errors.Is(e.Err, csv.ErrFieldCount) {
			return fmt.Errorf("line %d: %w", e.StartLine, e.Err)
		}
		return fmt.Errorf("line %d, column %d: %w", e.Line, e.Column, e.Err)
	}
	return err
}

// index notes the places of the columns. It is called once the first line is known
// for a header: errors quote it.
func (t *table) index() error {
	for i, name := range t.header {
		t.header[i] = strings.TrimSpace(name)
		name = strings.ToLower(t.header[i])
		if _, twice := t.columns[name]; twice && name != "" {
			return fmt.Errorf("two columns %q", t.header[i])
		}
		t.columns[name] = i
	}
	return nil
}

// column is the place of a column, or -1.
func (t *table) column(name string) int {
	if i, ok := t.columns[strings.ToLower(strings.TrimSpace(name))]; ok {
		return i
	}
	return -1
}

// value of a record in a column; empty if there is none.
func value(record []string, column int) string {
	if column < 0 {
		return ""
	}
	return strings.TrimSpace(record[column])
}

// wholeNumbers reports whether all values of a column are numbers with ".0", as
// pandas writes ids that it took for numbers.
func (t *table) wholeNumbers(column int) bool {
	return column >= 0 && !slices.ContainsFunc(t.records, func(record []string) bool {
		digits, ok := strings.CutSuffix(value(record, column), ".0")
		return !ok || digits == "" || strings.Trim(digits, "0123456789") != ""
	})
}

func quoted(names []string) string {
	list := make([]string, 0, len(names))
	for _, n := range names {
		list = append(list, fmt.Sprintf("%q", n))
	}
	return strings.Join(list, ", ")
}
