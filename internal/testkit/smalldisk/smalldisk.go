// Package smalldisk gives tests a disk that is really full.
package smalldisk

import (
	"os/exec"
	"runtime"
	"testing"
)

// Mount is a folder in a file system of a size of its own (256k), and makes it
// larger. Where none may be mounted the test is skipped.
func Mount(t *testing.T, size string) (dir string, grow func(size string)) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("mounts a file system as Linux does")
	}
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("may not mount a small file system: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	return dir, func(size string) {
		t.Helper()
		if out, err := exec.Command("mount", "-o", "remount,size="+size, dir).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
}
