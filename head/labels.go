package head

import (
	"cmp"
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
	// Names of columns, in any case; empty: they are found by the names that
	// public tables have, see [ReadLabels]. Patient "-" takes no column for
	// patients, where one looks like it.
	Image, Patient, Split, Weight string

	Findings     []string             // columns to read, or names in a column of lists; none: all that can be told
	Uncertain    Uncertain            // what -1 becomes
	UncertainFor map[string]Uncertain // by finding, in place of Uncertain
	Attributes   []string             // columns to keep as they stand, for subgroups: "view", "sex"
}

// Labels is a table of labels, one row a film, or, in tables like MIMIC-CXR's
// that name no films, one row a study.
type Labels struct {
	Findings []string
	Rows     []LabelRow
	Columns  Columns

	byID    map[string]int
	byStem  map[string][]int
	byStudy map[string]int
}

// A LabelRow is what the table says of one film.
type LabelRow struct {
	ImageID string  // empty in a table of studies
	Study   string  // in a table of studies
	Patient string  // empty if the table does not tell
	Split   string  // "train", "test", ...; empty likewise
	Labels  []Label // one for each of Labels.Findings

	Weight     float64 // 1 if the table has no weight column or no value
	Attributes map[string]string
}

// Columns says which columns of a table were taken for what, by their names; empty
// where there is none.
type Columns struct {
	Image, Study, Patient, Split, Weight string

	List    string   // of lists of findings
	Ignored []string // taken for nothing
}

// ReadLabels reads a table with a header, in CSV or separated by semicolons or
// tabs, in UTF-8 or UTF-16. It has a column of image ids (image_id, Image Index,
// Path, dicom_id, ...) and possibly of patients (patient, patient_id, PatientID,
// subject_id, ...), splits and weights; [LabelOptions] can name each, and
// Labels.Columns says which were taken. Column names match in any case.
//
// A finding has a column with 1 (present), 0 (absent), -1 (uncertain) or nothing
// (missing); true and false, yes and no, NA and the like are understood. Or it
// stands in a column of lists ("findings", "Finding Labels") with names separated
// by "|", as in NIH ChestX-ray14. CheXpert's patients are read from its paths, and
// MIMIC-CXR's tables label all films of a study.
//
// What could be a column of patients and was not taken is an error, as splits
// would part a patient's films: name it, or "-". Errors give line and column,
// never the value of another column; columns are named only if the first line is a
// header.
func ReadLabels(r io.Reader, o *LabelOptions) (*Labels, error) {
	if o == nil {
		o = &LabelOptions{}
	}
	t, err := readTable(r)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	c, err := t.choose(o)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	l := &Labels{Columns: c.names(t), byID: map[string]int{}, byStem: map[string][]int{}, byStudy: map[string]int{}}
	for _, f := range c.findings {
		l.Findings = append(l.Findings, f.name)
	}
	whole := t.wholeNumbers(c.image)
	for i, record := range t.records {
		row, err := c.row(t, record, o)
		if err != nil {
			return nil, fmt.Errorf("labels: line %d%w", t.line[i], err)
		}
		if whole {
			row.ImageID = strings.TrimSuffix(row.ImageID, ".0")
		}
		if err := l.add(row, i, t.line); err != nil {
			return nil, err
		}
	}
	if len(l.Rows) == 0 {
		return nil, errors.New("labels: a header but no films")
	}
	if l.Columns.Patient == "" && slices.ContainsFunc(l.Rows, func(r LabelRow) bool { return r.Patient != "" }) {
		l.Columns.Patient = l.Columns.Image // CheXpert's paths
	}
	return l, nil
}

// add takes a row, which must be of another film or study than those before.
func (l *Labels) add(row LabelRow, i int, line []int) error {
	at, key := l.byID, row.ImageID
	if l.Columns.Image == "" {
		at, key = l.byStudy, strings.TrimPrefix(row.Study, "s")
	}
	if first, twice := at[key]; twice {
		return fmt.Errorf("labels: line %d: the film or study of line %d again", line[i], line[first])
	}
	at[key] = i
	if row.ImageID != "" {
		l.byStem[stem(row.ImageID)] = append(l.byStem[stem(row.ImageID)], i)
	}
	l.Rows = append(l.Rows, row)
	return nil
}

// Find gives the row of a film, or ok false if there is none. An id that is in
// the table as it stands is that row. Otherwise ids match if one is the end of
// the other's path, without regard to the file name's extension
// ("a/b/film1.dcm" and "b/film1"), slashes of Windows being slashes; two such rows
// are an error. In a table of studies a film's row is that of the study that is
// part of its path: "p10/p10000032/s50414267/film.dcm".
func (l *Labels) Find(id string) (row int, ok bool, err error) {
	id = slashed(id)
	if row, ok := l.byID[id]; ok {
		return row, true, nil
	}
	if l.Columns.Image == "" {
		for part := range strings.SplitSeq(id, "/") {
			if row, ok := l.byStudy[strings.TrimPrefix(part, "s")]; ok {
				return row, true, nil
			}
		}
		return 0, false, nil
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
	Rows       []string // ids of rows, or their studies, without an embedding
}

// Join makes a Dataset of the embeddings that have a row, in their order, and
// reports what is left on either side. Two embeddings of one row are an error,
// unless it is a study's.
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
		case taken[i] && l.Columns.Image != "":
			return nil, Unmatched{}, fmt.Errorf("labels: two embeddings are of %q", l.Rows[i].ImageID)
		}
		taken[i] = true
		row := &l.Rows[i]
		d.Examples = append(d.Examples, Example{Embedding: e, Labels: row.Labels, Patient: row.Patient, Split: row.Split, Attributes: row.Attributes})
		if l.Columns.Weight != "" {
			d.Weights = append(d.Weights, row.Weight)
		}
	}
	for i, t := range taken {
		if !t {
			left.Rows = append(left.Rows, cmp.Or(l.Rows[i].ImageID, l.Rows[i].Study))
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

// slashed is an id with slashes between folders, without "./" before it.
func slashed(id string) string {
	id = strings.ReplaceAll(id, `\`, "/")
	for strings.HasPrefix(id, "./") {
		id = id[2:]
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
