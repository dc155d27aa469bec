package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestWhatIsMissingIsToldWithWhatToType(t *testing.T) {
	has := func(programs ...string) func(string) (string, error) {
		return func(program string) (string, error) {
			for _, p := range programs {
				if p == program {
					return "/bin/" + p, nil
				}
			}
			return "", exec.ErrNotFound
		}
	}
	tests := map[string]struct {
		lookup  lookup
		missing string // in what is told
		err     string // in the error
	}{
		"nothing":           {lookup{"go1.26.8", "linux", has("go", "jupyter")}, "", ""},
		"Jupyter on Debian": {lookup{"go1.26.8", "linux", has("go")}, "apt-get install -y jupyter-notebook", ""},
		"Jupyter on a Mac":  {lookup{"go1.26.0", "darwin", has("go")}, "brew install jupyterlab", ""},
		"Jupyter elsewhere": {lookup{"go1.26.0", "windows", has("go")}, "pip install notebook", ""},
		"Go is too new":     {lookup{"go1.27.1", "linux", has("go", "jupyter")}, "", "GOTOOLCHAIN=go1.26.0 go run ./kernel"},
		"Go is not on PATH": {lookup{"go1.26.8", "linux", has("jupyter")}, "", "add the folder bin of your Go installation"},
		"a Go of one's own": {lookup{"devel go1.28-abc", "linux", has("go", "jupyter")}, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			missing, err := check(test.lookup)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q in it", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			told := strings.Join(missing, "\n")
			if test.missing == "" && told != "" || !strings.Contains(told, test.missing) {
				t.Errorf("told %q, want %q in it", told, test.missing)
			}
		})
	}
}

func TestJupytersFolderIsWhereJupyterLooks(t *testing.T) {
	home := func() (string, error) { return "/home/ann", nil }
	tests := map[string]struct {
		goos string
		env  map[string]string
		want string
	}{
		"Linux":               {"linux", nil, "/home/ann/.local/share/jupyter"},
		"Linux, XDG":          {"linux", map[string]string{"XDG_DATA_HOME": "/data"}, "/data/jupyter"},
		"macOS":               {"darwin", nil, "/home/ann/Library/Jupyter"},
		"Windows":             {"windows", map[string]string{"APPDATA": "/roaming"}, "/roaming/jupyter"},
		"named for all":       {"darwin", map[string]string{"JUPYTER_DATA_DIR": "/here"}, "/here"},
		"Windows, no AppData": {"windows", nil, "/home/ann/.local/share/jupyter"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := dataDir(test.goos, func(k string) string { return test.env[k] }, home)
			if err != nil || got != test.want {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
	broken := errors.New("no home")
	if _, err := dataDir("linux", func(string) string { return "" }, func() (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestArgumentsThatMeanNothingAreRefused(t *testing.T) {
	var out, told strings.Builder
	if err := run([]string{"notebook.ipynb"}, &out, &told); err == nil || !strings.Contains(err.Error(), `"notebook.ipynb"`) {
		t.Errorf("error %v", err)
	}
	if err := run([]string{"-nothing"}, &out, &told); err == nil {
		t.Error("no error for an unknown flag")
	}
}
