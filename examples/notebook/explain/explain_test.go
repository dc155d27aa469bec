package explain_test

import (
	"errors"
	"testing"

	"github.com/cxrkit/cxrkit/examples/notebook/explain"
)

func TestError(t *testing.T) {
	const source = "a := 1\n\tb := what + a\nfmt.Println(b)"
	for said, want := range map[string]string{
		"repl.go:2:6: undefined identifier: what":                    "line 2: undefined: what\n\n    b := what + a\n\nNothing of this cell has run.",
		"repl.go:9:1: expected operand":                              "expected operand\n\nNothing of this cell has run.",
		`repl.go:1:1: not a package: "n" in n.F <*ast.SelectorExpr>`: "line 1: not a package: \"n\" in n.F\n\n    a := 1\n\nNothing of this cell has run.",
		"assignment to entry in nil map":                             "assignment to entry in nil map\n\nLines of this cell before that have run, those after it have not.",
		`repl.go:1:8: error importing packages map[a.b/c:]: error loading packages [a.b/c] metadata: exit status 1`: "line 1: a.b/c is not linked into this kernel: add it to kernel/linked.go and build the kernel again, or correct its path\n\n    a := 1\n\nNothing of this cell has run.",
	} {
		if got := explain.Error(errors.New(said), source).Error(); got != want {
			t.Errorf("%s:\n%s", said, got)
		}
	}
}
