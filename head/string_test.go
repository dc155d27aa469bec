package head_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// What is printed tells what a value is, never a patient, a film or a page of
// numbers.
func TestPrinting(t *testing.T) {
	space := cxr.Space{Model: "m", Recipe: "r/1", Tokens: 1, Dim: 2}
	d := &head.Dataset{Findings: []string{"effusion"}}
	for i, l := range []head.Label{head.Positive, head.Negative, head.Missing, head.Negative} {
		d.Examples = append(d.Examples, head.Example{
			Embedding: &cxr.Embedding{ID: "Meier^Anna", Space: space, Values: []float32{float32(i), 12345}}, Labels: []head.Label{l}, Patient: "Meier^Anna",
		})
	}
	d.Examples[3].Patient = ""
	labels, err := head.ReadLabels(strings.NewReader("image_id,patient,effusion,fold\nMeier^Anna,Meier^Anna,1,0\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := head.Linear{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		value fmt.Stringer
		want  string
	}{
		{head.Positive, "positive"}, {head.Missing, "missing"}, {head.Label(7), "label 7"},
		{labels, `labels of 1 film of 1 patient: effusion; image ids from "image_id"; patients from "patient"; not taken: "fold"`},
		{d, "4 films of 1 patient (1 film of unknown patients), 1 x 2 by m, recipe r/1; effusion: 1 positive, 2 negative, 1 missing"},
		{d.Where(func(e *head.Example) bool { return e.Patient == "" }), "1 film, patients unknown, 1 x 2 by m, recipe r/1; effusion: 0 positive, 1 negative, 0 missing"},
		{m, "linear head for effusion on 1 x 2 by m, recipe r/1, trained on 4 films"},
	} {
		if got := fmt.Sprint(test.value); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
		if got := fmt.Sprintf("%v %+v", test.value, test.value); strings.Contains(got, "Meier") {
			t.Errorf("%s names a patient", got)
		}
	}
}
