//go:build !amd64 && !arm64

package simd

// byteKernels are the loops on bytes of the path in use, or nil for Go.
func byteKernels() *byteLoops { return nil }
