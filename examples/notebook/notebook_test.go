package notebook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the notebooks anew, with the outputs of this run")

// A stand is a kernel, installed where only these tests see it.
type stand struct {
	jupyter, dir string
	env          []string
}

// kernel builds the kernel once, as a user does.
var kernel = sync.OnceValues(func() (*stand, error) {
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cxrkit-notebook-")
	if err != nil {
		return nil, err
	}
	s := &stand{jupyter: jupyter, dir: dir}
	cmd := exec.Command("go", "run", "./kernel", "-o", filepath.Join(dir, "kernel"), "-data", filepath.Join(dir, "data"))
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return s, err
	}
	s.env = []string{
		// Python's programs and the system's; no Go.
		"PATH=" + filepath.Dir(jupyter) + ":/usr/bin:/bin",
		"HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + os.TempDir(),
		"JUPYTER_DATA_DIR=" + filepath.Join(dir, "data"), "JUPYTER_CONFIG_DIR=" + filepath.Join(dir, "config"),
		"JUPYTER_RUNTIME_DIR=" + filepath.Join(dir, "runtime"), "IPYTHONDIR=" + filepath.Join(dir, "ipython"),
	}
	return s, os.MkdirAll(filepath.Join(dir, "home"), 0o777)
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if s, _ := kernel(); s != nil {
		os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

func installed(t *testing.T) *stand {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a kernel: not with -short")
	}
	if runtime.GOOS == "windows" {
		t.Skip("runs Jupyter under a Unix PATH")
	}
	if _, err := exec.LookPath("jupyter"); err != nil {
		t.Skip("Jupyter is not installed: no notebook is executed; `go run ./kernel -check` says what to type")
	}
	s, err := kernel()
	if err != nil {
		t.Fatalf("the kernel was not built: %v", err)
	}
	return s
}

// execute runs a notebook from its first cell to its last.
func (s *stand) execute(t *testing.T, n *file) *file {
	t.Helper()
	dir := t.TempDir()
	text, err := n.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.ipynb"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(s.jupyter, "nbconvert", "--execute", "--to", "notebook", "--allow-errors",
		"--ExecutePreprocessor.timeout=300", "--ExecutePreprocessor.record_timing=False", "--output", "out.ipynb", "in.ipynb")
	cmd.Dir, cmd.Env = dir, s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return read(t, filepath.Join(dir, "out.ipynb"))
}

func read(t *testing.T, name string) *file {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n := &file{}
	if err := json.Unmarshal(text, n); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func sources(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("source/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no notebooks in source: %v", err)
	}
	return names
}

func parsed(t *testing.T, name string) *file {
	t.Helper()
	markdown, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := parse(string(markdown))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func committed(source string) string {
	return strings.TrimSuffix(filepath.Base(source), ".md") + ".ipynb"
}

// Every notebook runs without an error, on a PATH without Go, and says what the
// committed one says.
func TestNotebooks(t *testing.T) {
	for _, source := range sources(t) {
		t.Run(committed(source), func(t *testing.T) {
			s := installed(t)
			n := parsed(t, source)
			ran := s.execute(t, n)
			if len(ran.Cells) != len(n.Cells) {
				t.Fatalf("%d cells came back of %d", len(ran.Cells), len(n.Cells))
			}
			for i, c := range ran.Cells {
				for _, o := range c.Outputs {
					if o.Kind == "error" {
						t.Fatalf("this cell failed: %s\n%s", o.Error, c.Source) // those after it fail of it
					}
				}
				n.Cells[i].Outputs, n.Cells[i].Count = c.Outputs, c.Count
			}
			if *update {
				text, err := n.encode()
				if err == nil {
					err = os.WriteFile(committed(source), text, 0o666)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			want := read(t, committed(source))
			for i, c := range n.Cells {
				if got, want := c.said(), want.Cells[i].said(); got != want {
					t.Errorf("this cell says\n%s\nand the committed one\n%s\n\n%s", got, want, c.Source)
				}
			}
		})
	}
}

// The committed notebooks are those of the sources. This needs no Jupyter.
func TestNotebooksAreOfTheirSources(t *testing.T) {
	for _, source := range sources(t) {
		n, have := parsed(t, source), read(t, committed(source))
		if len(n.Cells) != len(have.Cells) {
			t.Errorf("%s has %d cells and %s %d: go test -run TestNotebooks -update", source, len(n.Cells), committed(source), len(have.Cells))
			continue
		}
		for i, c := range n.Cells {
			if c.Kind != have.Cells[i].Kind || c.Source != have.Cells[i].Source {
				t.Errorf("%s differs from %s in cell %d: go test -run TestNotebooks -update", committed(source), source, i+1)
			}
		}
	}
}

// That no Go is needed is tested only if there is none where the notebooks run.
func TestNotebooksRunWithoutGo(t *testing.T) {
	s := installed(t)
	for _, dir := range strings.Split(strings.TrimPrefix(s.env[0], "PATH="), ":") {
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			t.Skipf("Go is installed in %s, so TestNotebooks does not show that notebooks run without it", dir)
		}
	}
	n, err := parse("```go\nimport \"os/exec\"\n_, err := exec.LookPath(\"go\")\nerr != nil\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.execute(t, n).Cells[0].said(); got != "true" {
		t.Errorf("a cell finds Go: %s", got)
	}
}

func TestMarkdownBecomesCells(t *testing.T) {
	n, err := parse("# A\n\ntext\n\n```go\na := 1\n\na\n```\n\n```sh\nls\n```\n\n```go\nb\n```\n")
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
	if _, err := parse("```go\na := 1\n"); err == nil {
		t.Error("no error for a block without an end")
	}
	var b bytes.Buffer
	text, err := n.encode()
	if err != nil || json.Compact(&b, text) != nil {
		t.Errorf("not JSON: %v\n%s", err, text)
	}
}
