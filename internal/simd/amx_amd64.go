package simd

import (
	"sync"

	"golang.org/x/sys/cpu"
)

var (
	halfUnit = matrixUnit{tall: amxHalf_32x32, low: amxHalf_16x32}
	byteUnit = matrixUnit{tall: amxBytes_32x32, low: amxBytes_16x32}
)

// withoutAMX is for tests of what runs where there is none.
var withoutAMX bool

// mayUseAMX asks the system once, and only when a product wants it: 8 KB of
// registers are saved with each thread from then on that has used them.
var mayUseAMX = sync.OnceValue(func() bool { return cpu.X86.HasAMXTile && permitTiles() })

// unitOfHalves is what products of bfloat16 run on, or nil for tiles of AVX512-BF16.
func unitOfHalves() *matrixUnit {
	if cpu.X86.HasAMXBF16 && !withoutAMX && mayUseAMX() {
		return &halfUnit
	}
	return nil
}

// unitOfBytes is what products of bytes run on, or nil for dots.
func unitOfBytes() *matrixUnit {
	if cpu.X86.HasAMXInt8 && !withoutAMX && mayUseAMX() {
		return &byteUnit
	}
	return nil
}

// UseAMX makes all later calls use the matrix unit, where the processor has one, or
// not, and returns a function that undoes it. It is for tests, as [Use].
func UseAMX(use bool) (restore func()) {
	before := withoutAMX
	withoutAMX = !use
	return func() { withoutAMX = before }
}
