package head

import (
	"fmt"
	"strings"
)

// String is "missing", "negative" or "positive".
func (l Label) String() string {
	switch l {
	case Missing:
		return "missing"
	case Negative:
		return "negative"
	case Positive:
		return "positive"
	}
	return fmt.Sprintf("label %d", int8(l))
}

// String says how much is in the table, of which findings, and which columns were
// taken for what. It names no film and no patient.
func (l *Labels) String() string {
	patients, unknown := map[string]bool{}, 0
	for _, r := range l.Rows {
		if r.Patient == "" {
			unknown++
		} else {
			patients[r.Patient] = true
		}
	}
	what := "films"
	if l.Columns.Study != "" {
		what = "studies"
	}
	text := fmt.Sprintf("labels of %s: %s", ofPatients(len(l.Rows), what, len(patients), unknown), strings.Join(l.Findings, ", "))
	for _, c := range [][2]string{
		{"image ids", l.Columns.Image}, {"studies", l.Columns.Study}, {"patients", l.Columns.Patient}, {"splits", l.Columns.Split},
		{"weights", l.Columns.Weight}, {"findings", l.Columns.List},
	} {
		if c[1] != "" {
			text += fmt.Sprintf("; %s from %q", c[0], c[1])
		}
	}
	if len(l.Columns.Ignored) > 0 {
		text += "; not taken: " + quoted(l.Columns.Ignored)
	}
	return text
}

// String says how much is in the dataset: films, patients, what the embeddings
// are, and how many films have each finding. It names no film and no patient.
func (d *Dataset) String() string {
	patients, unknown := map[string]bool{}, 0
	for _, e := range d.Examples {
		if e.Patient == "" {
			unknown++
		} else {
			patients[e.Patient] = true
		}
	}
	var b strings.Builder
	b.WriteString(ofPatients(len(d.Examples), "films", len(patients), unknown))
	if len(d.Examples) > 0 && d.Examples[0].Embedding != nil {
		fmt.Fprintf(&b, ", %v", d.Examples[0].Embedding.Space)
	}
	for f, name := range d.Findings {
		var n [3]int
		for _, e := range d.Examples {
			if f < len(e.Labels) && e.Labels[f] >= Missing && e.Labels[f] <= Positive {
				n[e.Labels[f]]++
			}
		}
		fmt.Fprintf(&b, "; %s: %d positive, %d negative, %d missing", name, n[Positive], n[Negative], n[Missing])
	}
	return b.String()
}

// String says what the model judges, on what, and how it was trained. It lists no
// weights.
func (m *Model) String() string {
	t := m.spec.Training
	trainer := t.Trainer
	if trainer == "" {
		trainer = "untold"
	}
	return fmt.Sprintf("%s head for %s on %v, trained on %d films", trainer, strings.Join(m.spec.Findings, ", "), m.spec.Space, t.Films)
}

// ofPatients is like "20 films of 12 patients", or says whose patients are not
// known. what is the word for more than one.
func ofPatients(n int, what string, patients, unknown int) string {
	all := count(n, what)
	switch {
	case unknown == 0:
		return fmt.Sprintf("%s of %s", all, count(patients, "patients"))
	case patients == 0:
		return all + ", patients unknown"
	}
	return fmt.Sprintf("%s of %s (%s of unknown patients)", all, count(patients, "patients"), count(unknown, what))
}

// count is like "1 film", "2 films", "1 study".
func count(n int, what string) string {
	if n == 1 {
		if stem, ok := strings.CutSuffix(what, "ies"); ok {
			what = stem + "y"
		}
		what = strings.TrimSuffix(what, "s")
	}
	return fmt.Sprintf("%d %s", n, what)
}
