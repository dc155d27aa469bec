package shards_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/embed/store/shards"
)

// Others read shards as they are. Libraries of npm are found in NODE_PATH.
func TestOthersRead(t *testing.T) {
	for _, reader := range []struct {
		name, install string
		load          []string // does nothing but to load the library
		read          []string
		half          bool // it knows float16
	}{
		{"pyarrow", "pip install pyarrow", []string{"python3", "-c", "import pyarrow"}, []string{"python3", "testdata/read_pyarrow.py"}, true},
		{"apache-arrow", "npm install apache-arrow", []string{"node", "-e", `require("apache-arrow")`}, []string{"node", "testdata/apache-arrow.js"}, true},
		{"polars", "npm install -E nodejs-polars@0.25.2", []string{"node", "-e", `require("nodejs-polars")`}, []string{"node", "testdata/polars.js"}, false},
	} {
		t.Run(reader.name, func(t *testing.T) {
			if exec.Command(reader.load[0], reader.load[1:]...).Run() != nil {
				t.Skipf("no %s: %s", reader.name, reader.install)
			}
			for _, half := range []bool{false, true} {
				if half && !reader.half {
					continue
				}
				dir := t.TempDir()
				s := open(t, dir, &shards.Options{Float16: half})
				put(t, s, 0, 9)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				args := append(reader.read[1:len(reader.read):len(reader.read)], files(t, dir)[0])
				out, err := exec.Command(reader.read[0], args...).CombinedOutput()
				if got, want := strings.TrimSpace(string(out)), "9 ward/8.dcm sums none/1 [80,81,82,83,84,85]"; err != nil || got != want {
					t.Errorf("float16 %v: %s, error %v", half, got, err)
				}
			}
		})
	}
}
