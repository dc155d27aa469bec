package cluster

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets nothing outlive tests that are killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
