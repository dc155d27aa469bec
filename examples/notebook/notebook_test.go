package notebook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the notebooks anew, with the outputs of this run")

func read(t *testing.T, name string) *ipynb {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n := &ipynb{}
	if err := json.Unmarshal(text, n); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func parsed(t *testing.T, name, kernel string) *ipynb {
	t.Helper()
	markdown, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := parse(string(markdown), kernel)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A notebook is made of its source.
type notebook struct{ source, name, kernel string }

func notebooks(t *testing.T) (list []notebook) {
	t.Helper()
	for dir, kernel := range map[string]string{"": "cxrkit", "gonb": "gonb"} {
		names, err := filepath.Glob(filepath.Join("source", dir, "*.md"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no notebooks for %s: %v", kernel, err)
		}
		for _, source := range names {
			name := strings.TrimSuffix(filepath.Base(source), ".md") + ".ipynb"
			list = append(list, notebook{source, filepath.Join(dir, name), kernel})
		}
	}
	return list
}

// Every notebook runs without an error and says what the committed one says;
// those of our kernel on a PATH without Go.
func TestNotebooks(t *testing.T) {
	for _, b := range notebooks(t) {
		t.Run(b.name, func(t *testing.T) {
			s := installed(t, b.kernel)
			n := parsed(t, b.source, b.kernel)
			ran := s.execute(t, n)
			if len(ran.Cells) != len(n.Cells) {
				t.Fatalf("%d cells came back of %d", len(ran.Cells), len(n.Cells))
			}
			for i, c := range ran.Cells {
				for _, o := range c.Outputs {
					if o.Kind == "error" {
						t.Fatalf("this cell failed:\n%s\n\n%s", c.said(), c.Source) // those after it fail of it
					}
				}
				n.Cells[i].Outputs, n.Cells[i].Count = c.Outputs, c.Count
			}
			if *update {
				text, err := n.encode()
				if err == nil {
					err = os.WriteFile(b.name, text, 0o666)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			want := read(t, b.name)
			for i, c := range n.Cells {
				if got, want := c.said(), want.Cells[i].said(); !alike(got, want) {
					t.Errorf("this cell says\n%s\nand the committed one\n%s\n\n%s", got, want, c.Source)
				}
			}
		})
	}
}

// The committed notebooks are those of the sources. This needs no Jupyter.
func TestNotebooksAreOfTheirSources(t *testing.T) {
	for _, b := range notebooks(t) {
		n, have := parsed(t, b.source, b.kernel), read(t, b.name)
		if len(n.Cells) != len(have.Cells) {
			t.Errorf("%s has %d cells and %s %d: go test -run TestNotebooks -update", b.source, len(n.Cells), b.name, len(have.Cells))
			continue
		}
		for i, c := range n.Cells {
			if c.Kind != have.Cells[i].Kind || c.Source != have.Cells[i].Source {
				t.Errorf("%s differs from %s in cell %d: go test -run TestNotebooks -update", b.name, b.source, i+1)
			}
		}
	}
}

// Pages cut off what is wider.
func TestCellsAreNotTooWide(t *testing.T) {
	const widest = 100
	for _, b := range notebooks(t) {
		for _, c := range parsed(t, b.source, b.kernel).Cells {
			for line := range strings.Lines(string(c.Source)) {
				line = strings.TrimRight(strings.ReplaceAll(line, "\t", "        "), "\n")
				if c.Kind == "code" && len(line) > widest {
					t.Errorf("%s: %d columns: %s", b.source, len(line), line)
				}
			}
		}
	}
}

// The notebooks of the second kernel show what those of the first do: every
// picture and every page of theirs is among those of the notebook of that name.
func TestSecondKernelShowsTheSame(t *testing.T) {
	var first, second []string
	for _, b := range notebooks(t) {
		if b.kernel != "gonb" {
			first = append(first, b.name)
			continue
		}
		second = append(second, filepath.Base(b.name))
		have := map[string]bool{}
		for _, shown := range shown(read(t, filepath.Base(b.name))) {
			have[shown] = true
		}
		n := read(t, b.name)
		mine, displays := shown(n), 0
		for _, c := range n.Cells {
			displays += strings.Count(string(c.Source), "gonbui.Display")
		}
		if len(mine) != displays || displays == 0 {
			t.Errorf("%s displays %d pictures and pages, and shows %d", b.name, displays, len(mine))
		}
		for i, shown := range mine {
			if !have[shown] {
				t.Errorf("%s: picture or page %d is not in %s", b.name, i+1, filepath.Base(b.name))
			}
		}
	}
	slices.Sort(first)
	slices.Sort(second)
	if !slices.Equal(first, second) {
		t.Errorf("notebooks %q for the first kernel, %q for the second", first, second)
	}
}

// shown is the pictures and pages of a notebook.
func shown(n *ipynb) (list []string) {
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			for _, kind := range []string{"image/png", "text/html"} {
				if s, ok := o.Data[kind]; ok {
					list = append(list, strings.TrimSpace(string(s)))
				}
			}
		}
	}
	return list
}

func TestACellSaysThatItShowsAPicture(t *testing.T) {
	plain, png := map[string]text{"text/plain": "a film"}, map[string]text{"text/plain": "a film", "image/png": "iVBO"}
	all := map[string]text{"text/plain": "a film", "image/png": "iVBO", "image/svg+xml": "<svg/>"}
	say := func(data map[string]text) string { return (&cell{Outputs: []output{{Data: data}}}).said() }
	if say(plain) == say(png) || say(png) != say(all) {
		t.Errorf("text: %q, a PNG: %q, and an SVG: %q", say(plain), say(png), say(all))
	}
}

func TestWhatACellPrintsComesFirst(t *testing.T) {
	printed, table := output{Text: "text\n"}, output{Data: map[string]text{"text/html": "<table/>"}}
	a, b := cell{Outputs: []output{printed, table}}, cell{Outputs: []output{table, printed}}
	if a.said() != b.said() || a.said() != "text\n<table/>" {
		t.Errorf("%q and %q", a.said(), b.said())
	}
}

func TestAlike(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"AUC 0.71, 12 films", "AUC 0.71, 12 films", true},
		{"AUC 0.71, 12 films", "AUC 0.72, 12 films", true},
		{"AUC 0.99", "AUC 1.00", true},
		{"AUC 0.71", "AUC 0.73", false},
		{"AUC 0.71", "AUC 0.711", false},
		{"AUC 0.71", "AUC -0.71", false},
		{"AUC 0.71", "AUPRC 0.71", false},
		{"12 films", "13 films", false},
		{"AVX-512 kernels, 12 films", "generic kernels, 12 films", true},
		{"0.5 0.5", "0.5", false},
	} {
		if got := alike(test.a, test.b); got != test.want {
			t.Errorf("%q and %q: %t", test.a, test.b, got)
		}
	}
}

// That no Go is needed is tested only if there is none where the notebooks run.
func TestNotebooksRunWithoutGo(t *testing.T) {
	s := installed(t, "cxrkit")
	for _, dir := range strings.Split(s.path, ":") {
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			t.Skipf("Go is installed in %s, so TestNotebooks does not show that notebooks run without it", dir)
		}
	}
	n, err := parse("```go\nimport \"os/exec\"\n_, err := exec.LookPath(\"go\")\nerr != nil\n```\n", "cxrkit")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.execute(t, n).Cells[0].said(); got != "true" {
		t.Errorf("a cell finds Go: %s", got)
	}
}

// A cell that is wrong says where, and what of it has run.
func TestErrorsAreClear(t *testing.T) {
	s := installed(t, "cxrkit")
	n, err := parse("```go\na := 1\nb := a + what\n```\n\n```go\nimport \"fmt\"\nfmt.Println(\"first\")\nvar m map[string]int\nm[\"x\"] = 1\n```\n", "cxrkit")
	if err != nil {
		t.Fatal(err)
	}
	ran := s.execute(t, n)
	for i, want := range []string{
		"error: line 2: undefined: what\n\n    b := a + what\n\nNothing of this cell has run.",
		"first\nerror: assignment to entry in nil map\n\nLines of this cell before that have run, those after it have not.",
	} {
		if got := ran.Cells[i].said(); got != want {
			t.Errorf("cell %d says\n%s", i, got)
		}
	}
}

// The page that nbconvert makes has every figure.
func TestPageHasFigures(t *testing.T) {
	s := installed(t, "cxrkit")
	n, err := parse("```go\nimport \"github.com/cxrkit/cxrkit/head/report\"\nreport.CurvesFigure()\n```\n", "cxrkit")
	if err != nil {
		t.Fatal(err)
	}
	page := string(s.convert(t, n, "html", "--execute"))
	if !strings.Contains(page, `<img src="data:image/png;base64,`) || strings.Contains(page, "<svg") {
		t.Error("the page has no picture as a PNG")
	}
}

func TestMarkdownBecomesCells(t *testing.T) {
	n, err := parse("# A\n\ntext\n\n```go\na := 1\n\na\n```\n\n```sh\nls\n```\n\n```go\nb\n```\n", "cxrkit")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ kind, source string }{
		{"markdown", "# A\n\ntext"}, {"code", "a := 1\n\na"}, {"markdown", "```sh\nls\n```"}, {"code", "b"},
	}
	for i, c := range n.Cells {
		if i >= len(want) || c.Kind != want[i].kind || string(c.Source) != want[i].source {
			t.Errorf("cell %d is %s %q", i, c.Kind, c.Source)
		}
	}
	if len(n.Cells) != len(want) {
		t.Errorf("%d cells, want %d", len(n.Cells), len(want))
	}
	if _, err := parse("```go\na := 1\n", "cxrkit"); err == nil {
		t.Error("no error for a block without an end")
	}
	var b bytes.Buffer
	text, err := n.encode()
	if err != nil || json.Compact(&b, text) != nil {
		t.Errorf("not JSON: %v\n%s", err, text)
	}
}
