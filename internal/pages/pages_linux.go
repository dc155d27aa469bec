package pages

import "golang.org/x/sys/unix"

const large = 2 << 20 // bytes of a large page, where the base page has 4 kB

// advise asks for large pages wherever the memory from an address on reaches. It also
// asks for what is beside it on the first and last of them: Go's heap lies in
// reservations of many large pages, so that this is the heap's too. To ask is all it
// does, so that errors do not matter.
func advise(at, bytes uintptr) {
	first, end := at&^(large-1), (at+bytes+large-1)&^(large-1)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, first, end-first, unix.MADV_HUGEPAGE)
}
