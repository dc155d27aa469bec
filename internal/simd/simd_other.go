//go:build !amd64 && !arm64

package simd

func detect() []Path { return []Path{Generic} }

func detectBFloat16() bool { return false }

func toHalf(dst, src []float32) { panic("kernel: no bfloat16 here") }

var assembly = []*loops{Generic: &none}
