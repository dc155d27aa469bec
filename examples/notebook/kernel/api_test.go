package main

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The primary API: what users of notebooks call.
const library = "github.com/cxrkit/cxrkit/"

var primary = []string{
	"cxr", "cxr/bucket", "cxr/phantom", "dicomconv",
	"embed", "embed/local", "embed/local/filmcheck", "embed/local/lungs", "embed/local/mini", "embed/local/zones",
	"embed/pixels", "embed/store", "embed/store/shards", "embed/vertex",
	"head", "head/mlp", "head/report", "head/search",
}

func load(t *testing.T) []*types.Package {
	t.Helper()
	var paths []string
	for _, p := range primary {
		paths = append(paths, library+p)
	}
	files, err := exportFiles(paths)
	if err != nil {
		t.Fatal(err)
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	var packages []*types.Package
	for _, path := range paths {
		p, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// each calls f for all exported functions, and methods with their receiver's
// type.
func each(p *types.Package, f func(receiver string, o *types.Func)) {
	for _, name := range p.Scope().Names() {
		switch o := p.Scope().Lookup(name).(type) {
		case *types.Func:
			if o.Exported() {
				f("", o)
			}
		case *types.TypeName:
			named, ok := o.Type().(*types.Named)
			if !ok || !o.Exported() {
				continue
			}
			for m := range named.Methods() {
				if m.Exported() {
					f(name, m)
				}
			}
		}
	}
}

// Every function and method is called in testdata/api.md or in a notebook; what
// is there is executed by the tests of the package above.
func TestCellsLeaveNoCallOut(t *testing.T) {
	names, err := filepath.Glob("../source/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range append(names, "../testdata/api.md") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	// Called by fmt, log/slog and encoding/json only, when a value is printed.
	implicit := map[string]bool{"Format": true, "LogValue": true, "MarshalJSON": true}
	for _, p := range load(t) {
		each(p, func(receiver string, o *types.Func) {
			call := p.Name() + "." + o.Name()
			if receiver != "" {
				call = "." + o.Name()
			}
			if implicit[o.Name()] || regexp.MustCompile(regexp.QuoteMeta(call)+`\b`).MatchString(text.String()) {
				return
			}
			t.Errorf("%s: %s.%s is in no cell: add one to testdata/api.md", p.Path(), receiver, o.Name())
		})
	}
}

// What the interpreter cannot say is not in the primary API: generics, iterators
// without a twin, and strings of a named type, to which it does not convert the
// literals of a cell.
func TestCellsCanSayTheAPI(t *testing.T) {
	twins := map[string]string{"embed.Run.All": "Do", "dicomconv.Films.All": "Next"}
	for _, p := range load(t) {
		each(p, func(receiver string, o *types.Func) {
			s := o.Signature()
			if s.TypeParams().Len() > 0 {
				t.Errorf("%s.%s is generic", p.Path(), o.Name())
			}
			for v := range s.Results().Variables() {
				if named, ok := types.Unalias(v.Type()).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "iter" {
					if twin := twins[p.Name()+"."+receiver+"."+o.Name()]; twin == "" || !has(p, receiver, twin) {
						t.Errorf("%s: %s.%s gives an iterator and has no twin", p.Path(), receiver, o.Name())
					}
				}
			}
		})
		for _, name := range p.Scope().Names() {
			o, ok := p.Scope().Lookup(name).(*types.TypeName)
			if !ok || !o.Exported() {
				continue
			}
			if named, ok := o.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
				t.Errorf("%s.%s is generic", p.Path(), name)
			}
			if basic, ok := o.Type().Underlying().(*types.Basic); ok && basic.Kind() == types.String {
				t.Errorf("%s.%s is a named string type", p.Path(), name)
			}
			if last := p.Path()[strings.LastIndex(p.Path(), "/")+1:]; last != p.Name() {
				t.Errorf("package %s of path %s", p.Name(), p.Path())
			}
		}
	}
}

func has(p *types.Package, receiver, name string) (found bool) {
	each(p, func(r string, o *types.Func) { found = found || r == receiver && o.Name() == name })
	return found
}
