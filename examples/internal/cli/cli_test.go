package cli_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
)

func TestHelpBeginsWithWhatAProgramIsFor(t *testing.T) {
	var stderr strings.Builder
	f := cli.Flags("x", "X does this.\n\n    x -a 1\n", &stderr)
	f.Int("a", 0, "a number")
	if err := cli.Parse(f, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "X does this.\n\n    x -a 1\n") || !strings.Contains(got, "a number") {
		t.Errorf("help %q", got)
	}
	if err := cli.Parse(f, []string{"please"}); fmt.Sprint(err) != `unexpected argument "please"` {
		t.Errorf("error %v", err)
	}
}

// Whether a file can be written is known beforehand, and nothing is left behind.
func TestCanWrite(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		file: "", filepath.Join(dir, "new"): "", dir: "a folder, want the name of a file",
		filepath.Join(dir, "none", "new"): "there is no folder", filepath.Join(file, "new"): "cannot be written: not a directory",
	} {
		if err := cli.CanWrite(name); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if err := cli.CanFill(filepath.Join(dir, "a", "b")); err != nil {
		t.Error(err)
	}
	if err := cli.CanFill(file); err == nil {
		t.Error("a file can be filled")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, error %v", left, err)
	}
}

func TestCount(t *testing.T) {
	if got := cli.Films(1) + ", " + cli.Films(0) + ", " + cli.Count(2, "patient"); got != "1 film, 0 films, 2 patients" {
		t.Error(got)
	}
}
