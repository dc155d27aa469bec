//go:build !amd64

package simd

func detect() Path { return Generic }

var assembly = []*loops{Generic: &none}
