//go:build !amd64 && !arm64

package simd

var integerFeatures = []func() (restore func()){func() (restore func()) { return func() {} }}
