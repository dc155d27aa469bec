package notebook

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// A stand is a kernel, installed where only these tests see it.
type stand struct {
	jupyter, dir, path string
	env                []string
}

// kernels are built once, as a user builds them.
var kernels = map[string]func() (*stand, error){
	"cxrkit": sync.OnceValues(func() (*stand, error) {
		s, err := build()
		// Python's programs and the system's; no Go.
		s.path = filepath.Dir(s.jupyter) + ":/usr/bin:/bin"
		return s, err
	}),
	"gonb": sync.OnceValues(func() (*stand, error) {
		s, err := build("-gonb")
		if err != nil {
			return s, err
		}
		s.path = filepath.Dir(s.jupyter) + ":" + os.Getenv("PATH")
		for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPROXY", "GONOSUMDB"} {
			value, err := exec.Command("go", "env", name).Output()
			if err != nil {
				return s, err
			}
			s.env = append(s.env, name+"="+string(value[:len(value)-1]))
		}
		root, err := filepath.Abs("../..")
		s.env = append(s.env, "CXRKIT="+root)
		return s, err
	}),
}

// build builds a kernel. It gives a stand also with an error, to remove.
func build(args ...string) (*stand, error) {
	s := &stand{}
	var err error
	if s.jupyter, err = exec.LookPath("jupyter"); err != nil {
		return s, err
	}
	if s.dir, err = os.MkdirTemp("", "cxrkit-notebook-"); err != nil {
		return s, err
	}
	cmd := exec.Command("go", append([]string{"run", "./kernel", "-o", filepath.Join(s.dir, "kernel"), "-data", filepath.Join(s.dir, "data")}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return s, err
	}
	home := filepath.Join(s.dir, "home")
	s.env = []string{
		"HOME=" + home, "TMPDIR=" + s.dir, "IPYTHONDIR=" + filepath.Join(s.dir, "ipython"),
		"JUPYTER_DATA_DIR=" + filepath.Join(s.dir, "data"), "JUPYTER_CONFIG_DIR=" + filepath.Join(s.dir, "config"),
		"JUPYTER_RUNTIME_DIR=" + filepath.Join(s.dir, "runtime"),
	}
	return s, os.Mkdir(home, 0o777)
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	for name := range used {
		if s, _ := kernels[name](); s.dir != "" {
			os.RemoveAll(s.dir)
		}
	}
	os.Exit(code)
}

var used = map[string]bool{}

// installed is a kernel, or skips the test where there cannot be one.
func installed(t *testing.T, kernel string) *stand {
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
	used[kernel] = true
	s, err := kernels[kernel]()
	if err != nil {
		t.Fatalf("the kernel %s was not built: %v", kernel, err)
	}
	return s
}

// execute runs a notebook from its first cell to its last.
func (s *stand) execute(t *testing.T, n *ipynb) *ipynb {
	t.Helper()
	return s.nbconvert(t, n, "--ExecutePreprocessor.timeout=900") // of a cell: machines may be busy
}

func (s *stand) nbconvert(t *testing.T, n *ipynb, args ...string) *ipynb {
	t.Helper()
	text := s.convert(t, n, "notebook", append([]string{"--execute", "--allow-errors", "--ExecutePreprocessor.record_timing=False"}, args...)...)
	ran := &ipynb{}
	if err := json.Unmarshal(text, ran); err != nil {
		t.Fatal(err)
	}
	return ran
}

// convert is what nbconvert makes of a notebook.
func (s *stand) convert(t *testing.T, n *ipynb, to string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	text, err := n.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.ipynb"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"nbconvert", "--to", to, "--output", "out", "in.ipynb"}, args...)
	cmd := exec.Command(s.jupyter, args...)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + s.path}, s.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	extension := to
	if to == "notebook" {
		extension = "ipynb"
	}
	made, err := os.ReadFile(filepath.Join(dir, "out."+extension))
	if err != nil {
		t.Fatal(err)
	}
	return made
}
