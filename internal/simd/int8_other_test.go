//go:build !amd64

package simd

func withoutVNNI() (restore func()) { panic("kernel: no VNNI here") }
