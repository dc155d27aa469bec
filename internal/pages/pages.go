// Package pages asks the system for large pages under large slices.
//
// A network walks through tens of megabytes for each film. In pages of 4 kB that
// takes thousands of translations of addresses, more than a processor remembers; in
// pages of 2 MB a few dozen. Linux gives large pages to who asks, where its setting
// transparent_hugepage is madvise (as on Ubuntu and Debian's cloud images); where it
// is always, it needs no asking, and where it is never, asking changes nothing.
package pages

import "unsafe"

// worth is from how many bytes on asking is worth a system call.
const worth = 32 << 10

// Zeros is n zeros, in large pages where the system has them.
func Zeros[T float32 | int8 | int32](n int) []T {
	s := make([]T, n)
	if bytes := uintptr(n) * unsafe.Sizeof(*new(T)); bytes >= worth {
		advise(uintptr(unsafe.Pointer(unsafe.SliceData(s))), bytes)
	}
	return s
}
