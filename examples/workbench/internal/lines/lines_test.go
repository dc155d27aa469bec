package lines

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Whatever a finding is called, the lines are Go, and differ from those that are
// tested in their four constants alone.
func TestSource(t *testing.T) {
	for _, p := range []Program{
		{"workbench", "effusion", 0.5, 3},
		{`C:\films "new"`, "a\"; os.Exit(1) //", 1e-300, 1},
	} {
		text := p.Source()
		if _, err := parser.ParseFile(token.NewFileSet(), "main.go", text, parser.AllErrors); err != nil {
			t.Error(err)
		}
		ours, theirs := strings.Split(source, "\n"), strings.Split(text, "\n")
		changed := 0
		for i, line := range ours {
			if line != theirs[i] {
				changed++
			}
		}
		if want := map[string]int{"effusion": 0}[p.Finding]; len(ours) != len(theirs) || p.Finding == "effusion" && changed != want || p.Finding != "effusion" && changed != 4 {
			t.Errorf("%d lines differ", changed)
		}
	}
}
