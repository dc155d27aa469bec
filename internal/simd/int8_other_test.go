//go:build !amd64

package simd

var integerFeatures = []func() (restore func()){func() (restore func()) { return func() {} }}
