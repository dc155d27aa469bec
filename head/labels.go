package head

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// Uncertain is what an uncertain label (-1, as CheXpert writes it) becomes.
type Uncertain int

// Policies for uncertain labels.
const (
	UncertainRefused  Uncertain = iota // an error: the caller must choose
	UncertainMissing                   // takes part in nothing
	UncertainNegative                  // CheXpert's "U-zeros"
	UncertainPositive                  // CheXpert's "U-ones"
)

// LabelOptions control [ReadLabels]. Nil means the zero value.
type LabelOptions struct {
	Findings   []string  // columns to read; none: every column that holds only labels
	Uncertain  Uncertain // what -1 becomes
	Attributes []string  // columns to keep as they stand, for subgroups: "view", "sex"
}

// Labels is a table of labels, one row a film.
type Labels struct {
	Findings []string
	Rows     []LabelRow

	byID     map[string]int
	byStem   map[string][]int
	weighted bool
}

// A LabelRow is what the table says of one film.
type LabelRow struct {
	ImageID string
	Patient string  // empty if the table has no patient column or no value
	Split   string  // "train", "test", ...; empty likewise
	Labels  []Label // one for each of Labels.Findings

	Weight     float64 // 1 if the table has no weight column or no value
	Attributes map[string]string
}

// notFindings are columns that are never taken for findings unless asked for.
var notFindings = []string{"image_id", "patient", "split", "role", "source", "view", "findings", "age", "sex", "weight"}

// ReadLabels reads a CSV table with a header: image_id, optionally patient and
// split and weight, and a column for each finding with 1 (present), 0 (absent), -1
// (uncertain) or nothing (missing). A finding that is no column is looked for
// in a "findings" column, where names are separated by "|" as in NIH
// ChestX-ray14. Other columns are ignored. Column names match in any case.
//
// Errors name line and column, never the value of another column.
func ReadLabels(r io.Reader, o *LabelOptions) (*Labels, error) {
	if o == nil {
		o = &LabelOptions{}
	}
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("labels: empty file")
		}
		return nil, fmt.Errorf("labels: %w", err)
	}
	table, err := readTable(lines, header)
	if err != nil {
		return nil, err
	}
	if table.column("image_id") < 0 {
		return nil, fmt.Errorf("labels: no image_id column among %s", quoted(header))
	}
	findings, err := table.findings(o)
	if err != nil {
		return nil, err
	}
	for _, name := range o.Attributes {
		if table.column(name) < 0 {
			return nil, fmt.Errorf("labels: no attribute %q; the columns are %s", name, quoted(header))
		}
	}
	l := &Labels{byID: map[string]int{}, byStem: map[string][]int{}, weighted: table.column("weight") >= 0}
	for _, f := range findings {
		l.Findings = append(l.Findings, f.name)
	}
	for i, record := range table.records {
		row := LabelRow{ImageID: table.value(record, "image_id"), Patient: table.value(record, "patient"), Split: table.value(record, "split")}
		if row.ImageID == "" {
			return nil, fmt.Errorf("labels: line %d: no image_id", table.line[i])
		}
		if first, twice := l.byID[row.ImageID]; twice {
			return nil, fmt.Errorf("labels: line %d: image_id of line %d again", table.line[i], table.line[first])
		}
		if row.Weight, err = table.weight(record); err != nil {
			return nil, fmt.Errorf("labels: line %d, column \"weight\": %w", table.line[i], err)
		}
		for _, name := range o.Attributes {
			if row.Attributes == nil {
				row.Attributes = map[string]string{}
			}
			row.Attributes[name] = table.value(record, name)
		}
		for _, f := range findings {
			label, err := f.label(record, o.Uncertain)
			if err != nil {
				return nil, fmt.Errorf("labels: line %d, column %q: %w", table.line[i], f.name, err)
			}
			row.Labels = append(row.Labels, label)
		}
		l.byID[row.ImageID] = i
		l.byStem[stem(row.ImageID)] = append(l.byStem[stem(row.ImageID)], i)
		l.Rows = append(l.Rows, row)
	}
	if len(l.Rows) == 0 {
		return nil, errors.New("labels: a header but no films")
	}
	return l, nil
}

// Find gives the row of a film, or ok false if there is none. An id that is in
// the table as it stands is that row. Otherwise ids match if one is the end of
// the other's path, without regard to the file name's extension
// ("a/b/film1.dcm" and "b/film1"); two such rows are an error.
func (l *Labels) Find(id string) (row int, ok bool, err error) {
	if row, ok := l.byID[id]; ok {
		return row, true, nil
	}
	row = -1
	for _, i := range l.byStem[stem(id)] {
		if !samePath(id, l.Rows[i].ImageID) {
			continue
		}
		if row >= 0 {
			return 0, false, fmt.Errorf("labels: %q may be %q or %q", id, l.Rows[row].ImageID, l.Rows[i].ImageID)
		}
		row = i
	}
	return max(row, 0), row >= 0, nil
}

// Unmatched says what [Labels.Join] left out.
type Unmatched struct {
	Embeddings []string // ids of embeddings without a row
	Rows       []string // ids of rows without an embedding
}

// Join makes a Dataset of the embeddings that have a row, in their order, and
// reports what is left on either side. Two embeddings of one row are an error.
func (l *Labels) Join(embeddings []*cxr.Embedding) (*Dataset, Unmatched, error) {
	d := &Dataset{Findings: l.Findings}
	var left Unmatched
	taken := make([]bool, len(l.Rows))
	for _, e := range embeddings {
		i, ok, err := l.Find(e.ID)
		switch {
		case err != nil:
			return nil, Unmatched{}, err
		case !ok:
			left.Embeddings = append(left.Embeddings, e.ID)
			continue
		case taken[i]:
			return nil, Unmatched{}, fmt.Errorf("labels: two embeddings are of %q", l.Rows[i].ImageID)
		}
		taken[i] = true
		row := &l.Rows[i]
		d.Examples = append(d.Examples, Example{Embedding: e, Labels: row.Labels, Patient: row.Patient, Split: row.Split, Attributes: row.Attributes})
		if l.weighted {
			d.Weights = append(d.Weights, row.Weight)
		}
	}
	for i, t := range taken {
		if !t {
			left.Rows = append(left.Rows, l.Rows[i].ImageID)
		}
	}
	return d, left, nil
}

// extensions of films: a table may leave them out.
var extensions = []string{".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}

func withoutExtension(id string) string {
	if ext := path.Ext(id); slices.Contains(extensions, strings.ToLower(ext)) {
		return strings.TrimSuffix(id, ext)
	}
	return id
}

func stem(id string) string { return path.Base(withoutExtension(id)) }

// samePath reports whether one id, without extension, is the end of the other
// at a path boundary.
func samePath(a, b string) bool {
	a, b = withoutExtension(a), withoutExtension(b)
	if len(a) < len(b) {
		a, b = b, a
	}
	return a == b || strings.HasSuffix(a, "/"+b)
}
