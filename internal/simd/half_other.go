//go:build !amd64 && !arm64

package simd

func detectBFloat16() bool { return false }

func toHalf(dst, src []float32) { panic("kernel: no bfloat16 here") }

func pairRows(dst, src []float32, step, n, columns int) { panic("kernel: no bfloat16 here") }
