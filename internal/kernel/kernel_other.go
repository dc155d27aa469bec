//go:build !amd64

package kernel

func detect() Path { return Generic }

var assembly = []*loops{Generic: &none}
