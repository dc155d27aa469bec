package cxrkit

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/API.md anew")

// docs/API.md lists every exported name with what it is for, as its doc comment
// says. A package has at most 45 of them, head 60: more is more than one idea.
func TestAPI(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("# Every exported name\n\nMade from the doc comments by `go test -run TestAPI -update .`: the names of each package, and the first sentence on each.\n")
	for _, dir := range publicPackages(t) {
		names, synopsis := exported(t, dir)
		most := 45
		if dir == "head" {
			most = 60
		}
		if len(names) > most {
			t.Errorf("%s exports %d names, want at most %d", dir, len(names), most)
		}
		fmt.Fprintf(&text, "\n## %s (%d)\n%s\n\n| name | what it is for |\n|---|---|\n", dir, len(names), synopsis)
		for _, n := range names {
			if n.why == "" {
				t.Errorf("%s.%s has no doc comment", dir, n.name)
			}
			fmt.Fprintf(&text, "| `%s` | %s |\n", n.name, strings.ReplaceAll(n.why, "|", `\|`))
		}
	}
	const file = "docs/API.md"
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, text.Bytes()) {
		t.Errorf("%s is not of this code (%v): go test -run TestAPI -update .", file, err)
	}
}

// Every public package shows how it is used, in an example that runs.
func TestEveryPackageHasAnExample(t *testing.T) {
	for _, dir := range publicPackages(t) {
		found := false
		for _, f := range parsed(t, token.NewFileSet(), dir, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
			for _, e := range doc.Examples(f) {
				found = found || e.Output != ""
			}
		}
		if !found {
			t.Errorf("%s has no Example with an Output", dir)
		}
	}
}

func publicPackages(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	for _, top := range []string{"cxr", "dicomconv", "embed", "head"} {
		err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if err == nil && strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
				seen[filepath.ToSlash(filepath.Dir(p))] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var dirs []string
	for dir := range seen {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs
}

func parsed(t *testing.T, fset *token.FileSet, dir string, keep func(name string) bool) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || !keep(e.Name()) {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

type exportedName struct{ name, why string }

// exported names of a package, with a line on each.
func exported(t *testing.T, dir string) (names []exportedName, synopsis string) {
	t.Helper()
	fset := token.NewFileSet()
	files := parsed(t, fset, dir, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
	p, err := doc.NewFromFiles(fset, files, module+"/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, text string) {
		names = append(names, exportedName{name, p.Synopsis(text)})
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				vs := spec.(*ast.ValueSpec)
				text := vs.Comment.Text()
				if text == "" {
					text = vs.Doc.Text()
				}
				if text == "" {
					text = v.Doc
				}
				for _, n := range vs.Names {
					if n.IsExported() {
						add(n.Name, strings.TrimSpace(text))
					}
				}
			}
		}
	}
	values(p.Consts)
	values(p.Vars)
	for _, f := range p.Funcs {
		add(f.Name, f.Doc)
	}
	for _, typ := range p.Types {
		add(typ.Name, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		for _, f := range typ.Funcs {
			add(f.Name, f.Doc)
		}
	}
	slices.SortFunc(names, func(a, b exportedName) int { return strings.Compare(a.name, b.name) })
	return names, p.Synopsis(p.Doc)
}
