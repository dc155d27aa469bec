package head_test

import (
	"fmt"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/cohort"
)

func TestFindLeak(t *testing.T) {
	film := func(id, patient string, value float32) head.Example {
		return head.Example{Embedding: &cxr.Embedding{ID: id, Space: cxr.Space{Tokens: 1, Dim: 2}, Values: []float32{value, 1}}, Patient: patient}
	}
	set := func(films ...head.Example) *head.Dataset { return &head.Dataset{Examples: films} }
	tests := map[string]struct {
		a, b *head.Dataset
		want string
	}{
		"nothing":                   {set(film("1", "p", 1)), set(film("2", "q", 2)), "{[] [] []}"},
		"films without patients":    {set(film("1", "", 1)), set(film("2", "", 2)), "{[] [] []}"},
		"a patient with two films":  {set(film("1", "p", 1)), set(film("2", "p", 2), film("3", "p", 3)), "{[p] [] []}"},
		"a film, and so its image":  {set(film("1", "", 1)), set(film("1", "", 1)), "{[] [1] []}"},
		"a copy under another name": {set(film("1", "p", 1), film("3", "p", 3)), set(film("2", "q", 3)), "{[] [] [[3 2]]}"},
	}
	for name, test := range tests {
		leak := head.FindLeak(test.a, test.b)
		if got := fmt.Sprint(struct {
			a, b any
			c    any
		}{leak.Patients, leak.Films, leak.Copies}); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if leak.Empty() != (test.want == "{[] [] []}") {
			t.Errorf("%s: empty %v", name, leak.Empty())
		}
	}
	if got := (head.Leak{Patients: []string{"secret"}}).String(); got != "1 patients and 0 films on both sides, 0 films twice under two names" {
		t.Error(got)
	}
}

func TestSplitsDoNotLeak(t *testing.T) {
	train, test, err := head.Split(cohort.New(2, 100, 3, 1), 0.3, 5)
	if err != nil {
		t.Fatal(err)
	}
	if leak := head.FindLeak(train, test); !leak.Empty() {
		t.Error(leak)
	}
}
