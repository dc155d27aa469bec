package simd

import "golang.org/x/sys/unix"

// detectBFloat16 asks macOS for FEAT_BF16, which x/sys/cpu does not tell; versions
// that do not know the name have none of it.
func detectBFloat16() bool {
	has, err := unix.SysctlUint32("hw.optional.arm.FEAT_BF16")
	return err == nil && has == 1
}
