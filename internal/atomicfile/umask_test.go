//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is made of patients' films is as private as the user wants files to be.
func TestUmask(t *testing.T) {
	for mask, want := range map[int]os.FileMode{0o077: 0o600, 0o022: 0o644, 0o027: 0o640} {
		dir := t.TempDir()
		old := syscall.Umask(mask)
		err := Write(dir, func(*os.File) (string, error) { return "a", nil })
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, "a")); err != nil || info.Mode().Perm() != want {
			t.Errorf("umask %o: %v, error %v", mask, info.Mode(), err)
		}
	}
}
