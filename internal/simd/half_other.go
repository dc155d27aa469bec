//go:build !amd64 && !arm64

package simd

func detectBFloat16() bool { return false }

func toHalf(dst, src []float32) { panic("kernel: no bfloat16 here") }
