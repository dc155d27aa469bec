//go:build !linux

package simd

// permitTiles: only of Linux is it known how to ask.
func permitTiles() bool { return false }
