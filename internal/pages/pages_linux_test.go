package pages

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// The kernel says of each mapping whether somebody asked for large pages ("hg").
func TestLargePagesAreAskedFor(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("a kernel without transparent huge pages")
	}
	s := Zeros[float32](4 << 20)
	at := uintptr(unsafe.Pointer(&s[len(s)/2]))
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	here, told := false, false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var first, end uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &first, &end); n == 2 {
			here = first <= at && at < end
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && here {
			told = true
			if !slices.Contains(strings.Fields(flags), "hg") {
				t.Errorf("flags%s, want hg among them", flags)
			}
		}
	}
	if !told {
		t.Skip("no VmFlags in /proc/self/smaps") // QEMU's user mode has none
	}
	s[0] = 1
}
