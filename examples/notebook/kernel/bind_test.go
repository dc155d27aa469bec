package main

import (
	"strings"
	"testing"
)

// io has interfaces, math untyped constants beyond 64 bits, slices nothing but
// generics.
func TestBindings(t *testing.T) {
	source, err := bind([]string{"math", "io", "sort", "slices"})
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"a function":                       `"ReadAll":          reflect.ValueOf(p1_io.ReadAll)`,
		"a variable":                       `reflect.ValueOf(&p1_io.EOF).Elem()`,
		"a type":                           `"SectionReader": reflect.TypeFor[p1_io.SectionReader]()`,
		"a proxy of an interface":          "type proxy_p1_io_Reader struct {\n\tObject any\n\tRead_  func(_ any, a0 []byte) (int, error)\n}",
		"its method":                       "func (p *proxy_p1_io_Reader) Read(a0 []byte) (int, error) { return p.Read_(p.Object, a0) }",
		"a method without results":         "func (p *proxy_p2_sort_Interface) Swap(a0 int, a1 int) { p.Swap_(p.Object, a0, a1) }",
		"an untyped constant":              `"MaxInt32":               "int:2147483647"`,
		"one that no int holds":            `uint64(p0_math.MaxUint64)`,
		"an untyped constant's full value": `"Pi":                     "float:`,
		"a package without anything left":  `imports.Packages.MergePackage("slices"`,
	} {
		if !strings.Contains(squeezed(string(source)), squeezed(want)) {
			t.Errorf("%s: no %s", what, want)
		}
	}
	if strings.Contains(string(source), "slices.Sort") {
		t.Error("a generic function is bound")
	}
}

// squeezed is a text with each run of white space as one space.
func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestLinkedPackages(t *testing.T) {
	paths, err := linkedPackages()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(paths, "\n") + "\n"
	for _, want := range []string{"os\n", "github.com/cxrkit/cxrkit/head\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q among\n%s", want, all)
		}
	}
}

func TestNoBindingsOfWhatIsNotThere(t *testing.T) {
	if _, err := bind([]string{"github.com/cxrkit/cxrkit/nothing"}); err == nil {
		t.Error("no error")
	}
}
