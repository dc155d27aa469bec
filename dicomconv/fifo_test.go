//go:build unix

package dicomconv_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/cxrkit/cxrkit/dicomconv"
)

// A pipe that nobody writes to cannot be opened: that waits forever.
func TestPipesAmongFilmsFail(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b.dcm"), row8(1).Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a.dcm"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"c.dcm": "b.dcm", "d.dcm": "a.dcm", "e.dcm": "nowhere", "f.dcm": "folder"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"-a.dcm", "b.dcm", "c.dcm", "-d.dcm", "-e.dcm", "-f.dcm"}
	if got := drain(t, dicomconv.New(nil).Files(os.DirFS(dir))); !slices.Equal(got, want) {
		t.Errorf("films %q, want %q", got, want)
	}
	if got := drain(t, dicomconv.New(nil).Files(os.DirFS(dir), "a.dcm")); !slices.Equal(got, want[:1]) {
		t.Errorf("films %q, want %q", got, want[:1])
	}
}
