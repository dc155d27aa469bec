package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/format"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// bind writes a file of package main that tells gomacro of packages: their
// constants, variables, functions and types, and for each interface a proxy, by
// which types that are defined in cells implement it. Generic functions and
// types are left out: gomacro cannot use them.
func bind(paths []string) ([]byte, error) {
	exports, err := exportFiles(paths)
	if err != nil {
		return nil, err
	}
	load := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		name, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(name)
	})
	b := &binder{aliases: map[string]string{}}
	for _, path := range paths {
		p, err := load.Import(path)
		if err != nil {
			return nil, err
		}
		b.bind(p)
	}
	return b.file()
}

// exportFiles compiles packages and gives the file of each, and of each that it
// needs, from which its types can be read. The flags are those of build, which
// then finds them compiled.
func exportFiles(paths []string) (map[string]string, error) {
	lines, err := goOutput(append([]string{"list", "-export", "-trimpath", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, paths...)...)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for line := range strings.SplitSeq(lines, "\n") {
		path, file, _ := strings.Cut(line, "\t")
		if file == "" && path != "unsafe" {
			return nil, fmt.Errorf("go list: no export data in %q", line)
		}
		files[path] = file
	}
	return files, nil
}

// A binder writes the parts of the file.
type binder struct {
	aliases map[string]string // of imports, by path
	inits   bytes.Buffer      // statements, one for each package
	proxies bytes.Buffer      // declarations
}

// A section is the entries of one package, by the names of gomacro's fields.
type section struct {
	*types.Package
	binds, types, proxies, untypeds bytes.Buffer
}

// alias is the name by which the file knows a package.
func (b *binder) alias(p *types.Package) string {
	a, ok := b.aliases[p.Path()]
	if !ok {
		a = fmt.Sprintf("p%d_%s", len(b.aliases), p.Name())
		b.aliases[p.Path()] = a
	}
	return a
}

func (b *binder) bind(p *types.Package) {
	s := &section{Package: p}
	scope := p.Scope()
	for _, name := range scope.Names() {
		object := scope.Lookup(name)
		if !object.Exported() {
			continue
		}
		full := b.alias(p) + "." + name
		switch o := object.(type) {
		case *types.Const:
			bindConst(s, o, full)
		case *types.Var:
			fmt.Fprintf(&s.binds, "%q: reflect.ValueOf(&%s).Elem(),\n", name, full)
		case *types.Func:
			if o.Signature().TypeParams().Len() == 0 {
				fmt.Fprintf(&s.binds, "%q: reflect.ValueOf(%s),\n", name, full)
			}
		case *types.TypeName:
			b.bindType(s, o, full)
		}
	}
	fmt.Fprintf(&b.inits, `imports.Packages.MergePackage(%q, imports.PackageUnderlying{
Name: %q,
Binds: map[string]reflect.Value{
%s},
Types: map[string]reflect.Type{
%s},
Proxies: map[string]reflect.Type{
%s},
Untypeds: map[string]string{
%s},
})
`, p.Path(), p.Name(), &s.binds, &s.types, &s.proxies, &s.untypeds)
}

// bindConst binds a constant. Untyped ones, which reflect does not know, keep
// their nature as text besides, in the words of gomacro/base/untyped.
func bindConst(s *section, c *types.Const, full string) {
	name, value := c.Name(), full
	if basic, ok := c.Type().(*types.Basic); ok && basic.Info()&types.IsUntyped != 0 {
		untyped := ""
		switch basic.Kind() {
		case types.UntypedBool:
			untyped = "bool:" + c.Val().ExactString()
		case types.UntypedInt:
			untyped = "int:" + c.Val().ExactString()
			if _, small := constant.Int64Val(c.Val()); !small {
				value = "uint64(" + full + ")"
			}
		case types.UntypedRune:
			untyped = "rune:" + c.Val().ExactString()
		case types.UntypedFloat:
			untyped = "float:" + c.Val().ExactString()
		case types.UntypedString:
			untyped = "string:" + constant.StringVal(c.Val())
		}
		fmt.Fprintf(&s.untypeds, "%q: %q,\n", name, untyped)
	}
	fmt.Fprintf(&s.binds, "%q: reflect.ValueOf(%s),\n", name, value)
}

func (b *binder) bindType(s *section, o *types.TypeName, full string) {
	if named, ok := types.Unalias(o.Type()).(*types.Named); ok && named.TypeParams().Len() > 0 {
		return
	}
	face, isInterface := o.Type().Underlying().(*types.Interface)
	if isInterface && !face.IsMethodSet() {
		return // a constraint, of use to generics only
	}
	fmt.Fprintf(&s.types, "%q: reflect.TypeFor[%s](),\n", o.Name(), full)
	if isInterface && face.NumMethods() > 0 {
		b.bindInterface(s, o, face)
	}
}

// bindInterface writes the proxy of an interface: a struct with a function for
// each method, which gets the value from the cell as its first argument.
func (b *binder) bindInterface(s *section, o *types.TypeName, face *types.Interface) {
	for m := range face.Methods() {
		if !m.Exported() {
			return // only its own package can implement it
		}
	}
	proxy := "proxy_" + b.alias(s.Package) + "_" + o.Name()
	var fields, methods bytes.Buffer
	for m := range face.Methods() {
		in, arguments := b.parameters(m.Signature())
		var out []string
		for v := range m.Signature().Results().Variables() {
			out = append(out, b.typeString(v.Type()))
		}
		give := "return "
		if len(out) == 0 {
			give = ""
		}
		results := "(" + strings.Join(out, ", ") + ")"
		fmt.Fprintf(&fields, "%s_ func(%s) %s\n", m.Name(), strings.Join(append([]string{"_ any"}, in...), ", "), results)
		fmt.Fprintf(&methods, "func (p *%s) %s(%s) %s { %sp.%s_(%s) }\n",
			proxy, m.Name(), strings.Join(in, ", "), results, give, m.Name(), strings.Join(append([]string{"p.Object"}, arguments...), ", "))
	}
	fmt.Fprintf(&b.proxies, "type %s struct {\nObject any\n%s}\n%s\n", proxy, &fields, &methods)
	fmt.Fprintf(&s.proxies, "%q: reflect.TypeFor[%s](),\n", o.Name(), proxy)
}

// parameters is a signature's, as declared and as passed on.
func (b *binder) parameters(s *types.Signature) (declared, passed []string) {
	for i := range s.Params().Len() {
		name, kind := fmt.Sprintf("a%d", i), b.typeString(s.Params().At(i).Type())
		if s.Variadic() && i == s.Params().Len()-1 {
			declared, passed = append(declared, name+" ..."+strings.TrimPrefix(kind, "[]")), append(passed, name+"...")
			continue
		}
		declared, passed = append(declared, name+" "+kind), append(passed, name)
	}
	return declared, passed
}

func (b *binder) typeString(t types.Type) string { return types.TypeString(t, b.alias) }

// file is the whole file.
func (b *binder) file() ([]byte, error) {
	var f bytes.Buffer
	f.WriteString("package main\n\nimport (\n\"reflect\"\n\n\"github.com/cosmos72/gomacro/imports\"\n")
	for _, path := range slices.Sorted(maps.Keys(b.aliases)) {
		fmt.Fprintf(&f, "%s %q\n", b.aliases[path], path)
	}
	fmt.Fprintf(&f, ")\n\nfunc init() {\n%s}\n\n%s", &b.inits, &b.proxies)
	return format.Source(f.Bytes())
}
