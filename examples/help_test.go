package examples_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Help of every program begins with what the program is for, and has an example.
// Every program runs without arguments, and says so. One that is a module of its
// own has commands, and helps by them.
func TestHelp(t *testing.T) {
	names, err := filepath.Glob("*/main.go")
	if err != nil || len(names) < 11 {
		t.Fatalf("%d programs, error %v", len(names), err)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(filepath.Dir(name), "go.mod")); err == nil {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		program := filepath.Base(filepath.Dir(name))
		usage := constant(file, "usage")
		if title := strings.ToUpper(program[:1]) + program[1:]; !strings.HasPrefix(usage, title+" ") || !strings.Contains(usage, "\n    "+program+" ") && !strings.Contains(usage, "\n    "+program+"\n") {
			t.Errorf("%s: help begins with %q", program, usage)
		}
		if !strings.Contains(string(source), `cli.Flags("`+program+`", usage, stderr)`) {
			t.Errorf("%s does not show its help", program)
		}
		if !strings.Contains(file.Doc.Text(), "go run ./examples/"+program) {
			t.Errorf("%s: its comment has no example", program)
		}
	}
}

// Asking for help is no failure, and a mistake is one.
func TestStatus(t *testing.T) {
	out, errs, err := call(t, "train", "-h")
	if err != nil || out != "" || !strings.HasPrefix(errs, "Train fits a head") {
		t.Errorf("%s%s, error %v", out, errs, err)
	}
	if _, errs, err = call(t, "train", "--head", "forest"); err == nil || errs != "train: --head \"forest\", want linear or mlp\n" {
		t.Errorf("%s, error %v", errs, err)
	}
}

// constant is the value of a string constant of a file.
func constant(file *ast.File, name string) (value string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == name && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				value, _ = strconv.Unquote(literal.Value)
			}
		}
		return true
	})
	return value
}
