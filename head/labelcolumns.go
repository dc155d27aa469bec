package head

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Names of columns in public tables, without case, blanks and punctuation, the
// surest first: NIH ChestX-ray14, CheXpert, MIMIC-CXR, PadChest, VinDr-CXR, RSNA.
var (
	imageNames   = []string{"imageid", "imageindex", "path", "dicomid", "filename", "file", "image", "imagepath", "filepath", "imagename", "sopinstanceuid", "instanceuid"}
	patientNames = []string{"patient", "patientid", "subjectid", "subject", "ptid", "personid", "participantid", "mrn"}
	studyNames   = []string{"studyid", "study"}
	splitNames   = []string{"split"}
	weightNames  = []string{"weight"}
	listNames    = []string{"findings", "findinglabels", "labels"}
)

// notFindings are words in the names of columns that hold 0 and 1 and are no
// findings; such columns are findings only if asked for.
var notFindings = []string{
	"sex", "gender", "male", "female", "age", "fold", "folds", "split", "train", "valid", "validation", "test", "id", "index", "number", "source", "site", "role",
	"view", "position", "frontal", "lateral", "ap", "pa", "portable", "weight", "date", "year", "time", "followup", "follow", "smoker", "race", "ethnicity", "insurance",
}

// plain is a name as the lists above have it.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// words of a name: "sex_male", "SexMale" and "Sex (male)" have two.
func words(name string) []string {
	var b strings.Builder
	last := ' '
	for _, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if upper && last >= 'a' && last <= 'z' {
			b.WriteByte(' ')
		}
		if last = r; upper || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.Fields(strings.ToLower(b.String()))
}

// choice is which column is taken for what; -1 is none.
type choice struct {
	image, study, patient, split, weight, list int
	attributes                                 []int
	findings                                   []findingColumn
}

// A findingColumn is where the labels of one finding stand: in a column of its
// own, or as a name in the list column.
type findingColumn struct {
	name   string
	column int
	listed bool
}

// choose finds the columns. Until one of image ids or studies is found the first
// line may be a patient's, and is not quoted.
func (t *table) choose(o *LabelOptions) (*choice, error) {
	byName := func(names []string) []int {
		var found []int
		for _, want := range names {
			for i, name := range t.header {
				if plain(name) == want {
					found = append(found, i)
				}
			}
		}
		return found
	}
	first := func(found []int) int {
		if len(found) == 0 {
			return -1
		}
		return found[0]
	}
	c := &choice{image: first(byName(imageNames)), study: -1}
	if o.Image != "" {
		c.image = slices.IndexFunc(t.header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), o.Image) })
		if c.image < 0 {
			return nil, fmt.Errorf("no column %q among the %d of the first line", o.Image, len(t.header))
		}
	}
	if c.image < 0 {
		c.study = first(byName(studyNames))
	}
	if c.image < 0 && c.study < 0 {
		return nil, fmt.Errorf("no column of image ids among the %d of the first line: want one called image_id, Image Index, Path, dicom_id or the like, or its name in LabelOptions.Image", len(t.header))
	}
	if err := t.index(); err != nil {
		return nil, err
	}
	var err error
	named := func(name string, common []string) int {
		if name == "" {
			return first(byName(common))
		}
		i := t.column(name)
		if i < 0 && err == nil {
			err = fmt.Errorf("no column %q; the columns are %s", name, quoted(t.header))
		}
		return i
	}
	c.split, c.weight, c.list = named(o.Split, splitNames), named(o.Weight, weightNames), first(byName(listNames))
	if c.patient = -1; o.Patient != "-" {
		c.patient = named(o.Patient, patientNames)
		if likely := byName(patientNames); o.Patient == "" && len(likely) > 1 {
			return nil, fmt.Errorf("columns %q and %q may both name the patient: say which in LabelOptions.Patient", t.header[likely[0]], t.header[likely[1]])
		}
	}
	for _, name := range o.Attributes {
		i := t.column(name)
		if i < 0 {
			return nil, fmt.Errorf("no attribute %q; the columns are %s", name, quoted(t.header))
		}
		c.attributes = append(c.attributes, i)
	}
	if err != nil {
		return nil, err
	}
	if c.findings, err = t.findings(c, o); err != nil {
		return nil, err
	}
	if c.patient < 0 && o.Patient == "" {
		for i, name := range t.header {
			if maybePatient(name) && !c.takes(i) {
				return nil, fmt.Errorf("column %q may name the patient: say so in LabelOptions.Patient, or that none does by \"-\"", name)
			}
		}
	}
	return c, nil
}

// maybePatient reports whether a column may say whose a film is, unlike one that
// says something about the patient.
func maybePatient(name string) bool {
	w := words(name)
	about := func(word string) bool {
		return slices.Contains([]string{"age", "sex", "gender", "birth", "name", "weight", "height", "size", "position", "orientation", "status", "race"}, word)
	}
	whose := func(word string) bool {
		return slices.Contains([]string{"patient", "patients", "patientid", "subject", "subjects", "person", "participant", "mrn", "pid", "case"}, word)
	}
	return slices.ContainsFunc(w, whose) && !slices.ContainsFunc(w, about)
}

func (c *choice) takes(column int) bool {
	return slices.Contains([]int{c.image, c.study, c.patient, c.split, c.weight, c.list}, column) || slices.Contains(c.attributes, column) ||
		slices.ContainsFunc(c.findings, func(f findingColumn) bool { return f.column == column })
}

// names of the columns.
func (c *choice) names(t *table) Columns {
	name := func(i int) string {
		if i < 0 {
			return ""
		}
		return t.header[i]
	}
	n := Columns{Image: name(c.image), Study: name(c.study), Patient: name(c.patient), Split: name(c.split), Weight: name(c.weight)}
	if slices.ContainsFunc(c.findings, func(f findingColumn) bool { return f.listed }) {
		n.List = name(c.list)
	}
	for i, name := range t.header {
		if !c.takes(i) {
			n.Ignored = append(n.Ignored, name)
		}
	}
	return n
}

// findings are those asked for, or else all columns of labels, or else all names
// in the lists.
func (t *table) findings(c *choice, o *LabelOptions) ([]findingColumn, error) {
	var found []findingColumn
	for _, name := range o.Findings {
		switch i := t.column(name); {
		case i >= 0 && (i != c.list || t.holdsLabels(i)):
			found = append(found, findingColumn{name: t.header[i], column: i})
		case c.list >= 0 && t.lists(c.list, name):
			found = append(found, findingColumn{name: name, column: c.list, listed: true})
		default:
			return nil, fmt.Errorf("no finding %q; the columns are %s", name, quoted(t.header))
		}
	}
	if len(o.Findings) > 0 {
		return found, nil
	}
	for i, name := range t.header {
		if !c.takes(i) && t.holdsLabels(i) && !slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(notFindings, w) }) {
			found = append(found, findingColumn{name: name, column: i})
		}
	}
	if len(found) == 0 && c.list >= 0 {
		for _, name := range t.listedNames(c.list) {
			found = append(found, findingColumn{name: name, column: c.list, listed: true})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no column of labels, 0 and 1, among %s; name findings in LabelOptions.Findings", quoted(t.header))
	}
	return found, nil
}

// holdsLabels reports whether a column has nothing but labels, and at least one
// that is not missing. A stray value must be reported, not skipped over, so a
// column counts as labels as soon as most of it is.
func (t *table) holdsLabels(column int) bool {
	labels, other := 0, 0
	for _, record := range t.records {
		switch k := labelKind(record[column]); {
		case k == kindOther:
			other++
		case k != kindMissing:
			labels++
		}
	}
	return labels > 9*other
}

func (t *table) lists(column int, name string) bool {
	return slices.ContainsFunc(t.records, func(record []string) bool { return listed(record[column], name) })
}

// listedNames are the findings in the lists of a column, sorted: all but "No
// Finding", which says that there is none.
func (t *table) listedNames(column int) []string {
	names := map[string]bool{}
	for _, record := range t.records {
		for name := range strings.SplitSeq(record[column], "|") {
			if name = strings.TrimSpace(name); labelKind(name) == kindOther && !strings.EqualFold(name, "no finding") {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func listed(list, name string) bool {
	for v := range strings.SplitSeq(list, "|") {
		if strings.EqualFold(strings.TrimSpace(v), name) {
			return true
		}
	}
	return false
}

// chexpertPatient is the patient in a path of CheXpert,
// ".../patient00001/study1/view1_frontal.jpg", or empty.
func chexpertPatient(path string) string {
	parts := strings.Split(path, "/")
	numbered := func(s, word string) bool {
		digits, ok := strings.CutPrefix(s, word)
		return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
	}
	for i, part := range parts {
		if numbered(part, "patient") && i+2 < len(parts) && numbered(parts[i+1], "study") {
			return part
		}
	}
	return ""
}

// row reads a record. Its error begins after "line N".
func (c *choice) row(t *table, record []string, o *LabelOptions) (LabelRow, error) {
	r := LabelRow{ImageID: slashed(value(record, c.image)), Study: value(record, c.study), Patient: value(record, c.patient), Split: value(record, c.split), Weight: 1}
	if r.ImageID == "" && c.image >= 0 {
		return r, errors.New(": no image id")
	}
	if r.Study == "" && c.study >= 0 {
		return r, errors.New(": no study")
	}
	if c.patient < 0 && o.Patient == "" {
		r.Patient = chexpertPatient(r.ImageID)
	}
	if text := value(record, c.weight); text != "" {
		w, err := strconv.ParseFloat(text, 64)
		if err != nil || !(w >= 0) || math.IsInf(w, 0) {
			return r, fmt.Errorf(", column %q: want a number of at least 0, or nothing", t.header[c.weight])
		}
		r.Weight = w
	}
	for k, i := range c.attributes {
		if r.Attributes == nil {
			r.Attributes = map[string]string{}
		}
		r.Attributes[o.Attributes[k]] = value(record, i)
	}
	for _, f := range c.findings {
		policy, ok := o.UncertainFor[f.name]
		if !ok {
			policy = o.Uncertain
		}
		label, err := f.label(record, policy)
		if err != nil {
			return r, fmt.Errorf(", column %q: %w", t.header[f.column], err)
		}
		r.Labels = append(r.Labels, label)
	}
	return r, nil
}
