package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lose kills a machine in the middle of the next job: as soon as a worker process
// of the job runs on it. The function that it gives is called when the job has
// ended, starts another machine, and says if the job ended before one was lost.
func (c *Cluster) Lose() (lost func() error) {
	before, end, done := c.workers(), make(chan struct{}), make(chan error, 1)
	go func() { done <- c.lose(before, end) }()
	return func() error {
		close(end)
		if err := <-done; err != nil {
			return err
		}
		return c.Heal()
	}
}

func (c *Cluster) lose(before []int, end chan struct{}) error {
	for {
		select {
		case <-end:
			return errors.New("cluster: the job ended and no worker of it was seen")
		case <-time.After(20 * time.Millisecond):
		}
		for _, pid := range c.workers() {
			if slices.Contains(before, pid) {
				continue
			}
			select {
			case <-end:
				return errors.New("cluster: the job ended too soon to be disturbed")
			case <-time.After(500 * time.Millisecond): // in which it has done something
			}
			return KillMachineOf(pid, c.PIDs())
		}
	}
}

// workers are the processes of Beam's workers on all machines.
func (c *Cluster) workers() (all []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		command, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if _, args, ok := strings.Cut(string(command), "\x00"); !ok || !strings.HasPrefix(args, "--id=") {
			continue
		}
		if chain := above(pid); slices.ContainsFunc(chain, func(p int) bool { return slices.Contains(c.PIDs(), p) }) {
			all = append(all, pid)
		}
	}
	return all
}

// KillMachineOf kills the one of machines on which a process runs, and what is
// between the two.
func KillMachineOf(pid int, machines []int) error {
	chain := above(pid)
	at := slices.IndexFunc(chain, func(p int) bool { return slices.Contains(machines, p) })
	if at < 0 {
		return fmt.Errorf("cluster: the process is on none of the machines %v", machines)
	}
	for _, p := range slices.Backward(chain[:at+1]) {
		process, err := os.FindProcess(p)
		if err == nil {
			err = process.Kill()
		}
		if err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	return nil
}

// above are the parent of a process, the parent's, and so on.
func above(pid int) (chain []int) {
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, after, ok := strings.Cut(string(stat), ") ") // behind the name, in parentheses
		if fields := strings.Fields(after); err == nil && ok && len(fields) > 1 {
			pid, err = strconv.Atoi(fields[1])
		} else {
			return chain
		}
		if err != nil || pid <= 1 {
			return chain
		}
		chain = append(chain, pid)
	}
}
