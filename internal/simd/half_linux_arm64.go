package simd

import "golang.org/x/sys/unix"

// detectBFloat16 finds FEAT_BF16, which x/sys/cpu does not tell, in what the kernel
// gives a process.
func detectBFloat16() bool {
	const hwcap2, bf16 = 26, 1 << 14 // AT_HWCAP2 of linux/auxvec.h, HWCAP2_BF16 of arm64's asm/hwcap.h
	vector, _ := unix.Auxv()         // empty where it cannot be read
	for _, entry := range vector {
		if entry[0] == hwcap2 {
			return entry[1]&bf16 != 0
		}
	}
	return false
}
