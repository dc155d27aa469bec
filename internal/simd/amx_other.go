//go:build !amd64

package simd

func unitOfHalves() *matrixUnit { return nil }

// UseAMX does nothing: there is none.
func UseAMX(bool) (restore func()) { return func() {} }
