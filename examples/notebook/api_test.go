package notebook

import (
	"strings"
	"testing"
)

// Every call of the primary API is said in a cell, and cells say what
// testdata/api.md wants. That nothing is left out is tested in kernel.
func TestAPI(t *testing.T) {
	s := installed(t, "cxrkit")
	const name = "testdata/api.md"
	n := parsed(t, name, "cxrkit")
	ran := s.execute(t, n)
	for i, c := range n.Cells {
		if c.Kind != "code" {
			continue
		}
		want := ""
		if i+1 < len(n.Cells) {
			if text, found := strings.CutPrefix(string(n.Cells[i+1].Source), "```text\n"); found {
				want, _, _ = strings.Cut(text, "\n```")
			}
		}
		if got := strings.TrimRight(ran.Cells[i].said(), "\n"); got != want {
			t.Errorf("this cell says\n%s\nwant\n%s\n\n%s", got, want, c.Source)
		}
	}
}
