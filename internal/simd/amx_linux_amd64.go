package simd

import "syscall"

// permitTiles asks Linux for the registers of tiles, for all threads of the program:
// without it their first use is an illegal instruction
// (https://docs.kernel.org/arch/x86/xstate.html).
func permitTiles() bool {
	const requestPermission, tileData = 0x1023, 18 // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return errno == 0
}
