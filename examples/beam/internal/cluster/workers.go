package cluster

import (
	"errors"
	"fmt"
	"maps"
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

// Watch watches the worker processes that come. The function that it gives tells
// the processor time of each, and is called when the job has ended.
func (c *Cluster) Watch() (times func() []time.Duration) {
	end, done := make(chan struct{}), make(chan map[int]time.Duration)
	before := c.workers()
	go func() {
		used := map[int]time.Duration{}
		for {
			for _, pid := range c.workers() {
				if !slices.Contains(before, pid) {
					used[pid] = max(used[pid], processorTime(pid))
				}
			}
			select {
			case <-end:
				done <- used
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() []time.Duration {
		close(end)
		return slices.Sorted(maps.Values(<-done))
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
		fields := stat(pid)
		if fields == nil {
			return chain
		}
		var err error
		if pid, err = strconv.Atoi(fields[1]); err != nil || pid <= 1 {
			return chain
		}
		chain = append(chain, pid)
	}
}

// processorTime is what a process has used, 0 if it is gone.
func processorTime(pid int) (used time.Duration) {
	fields := stat(pid)
	if fields == nil {
		return 0
	}
	for _, text := range fields[11:13] { // of user and system, in hundredths of a second
		n, _ := strconv.ParseInt(text, 10, 64)
		used += time.Duration(n) * 10 * time.Millisecond
	}
	return used
}

// stat are the fields of /proc/PID/stat behind the name: its state, its parent
// and so on; nil if there is no such process.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	at := strings.LastIndex(string(text), ") ")
	if err != nil || at < 0 {
		return nil
	}
	fields := strings.Fields(string(text[at+2:]))
	if len(fields) < 13 {
		return nil
	}
	return fields
}
