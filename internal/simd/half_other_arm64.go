//go:build !linux && !darwin

package simd

// detectBFloat16 finds none: what this system tells of the processor is not known.
func detectBFloat16() bool { return false }
