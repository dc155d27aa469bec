package cxr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

// What is printed of films and embeddings is a line, not thousands of numbers.
func Example_printing() {
	film := &cxr.Image{ID: "a.dcm", Width: 2500, Height: 3000, Depth: 16, View: cxr.ViewPA, Recipe: "standard/1", Pix: make([]uint16, 2500*3000)}
	fmt.Println(film)
	fmt.Println(&cxr.Embedding{ID: "a.dcm", Space: cxr.Space{Model: "cxrkit-mini-2", Tokens: 1, Dim: 896}, Values: make([]float32, 896)})
	fmt.Println(&cxr.Embedding{Space: cxr.Space{Model: "cxrkit-mini-2", Tokens: 1, Dim: 896}})
	// Output:
	// a.dcm: 2500 x 3000 pixels, 16 bits, view PA, standard/1
	// a.dcm: 1 x 896 by cxrkit-mini-2
	// 1 x 896 by cxrkit-mini-2
}

// Names that would move a terminal's cursor, or forge a line, are quoted.
func TestNamesArePrintable(t *testing.T) {
	for id, want := range map[string]string{
		"ward/Müller 1.dcm": "ward/Müller 1.dcm", "a\nok b.dcm": `"a\nok b.dcm"`, "\x1b[2Ja": `"\x1b[2Ja"`, "\xff.dcm": `"\xff.dcm"`, "a\u202eb": `"a\u202eb"`,
	} {
		err := &cxr.ItemError{ID: id, Op: "read", Err: cxr.ErrTruncated}
		if got := err.Error(); got != "read "+want+": truncated" {
			t.Errorf("%q", got)
		}
		if got := (&cxr.Image{ID: id}).String(); !strings.HasPrefix(got, want+": 0 x 0 pixels") {
			t.Errorf("%q", got)
		}
	}
}
