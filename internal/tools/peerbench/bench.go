//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A bench collects comparisons.
type bench struct {
	rounds    int
	dir, self string // for files; this program
	rows      []string
	notes     []string
}

// A contender does some work in a process of its own, so many times.
//
// The process may print the digest of its pixels, or a dash, and after it the
// CPU seconds that the work took it, without start-up; else those of the whole
// process count. If it writes a PNG, the digest is taken of that.
type contender struct {
	name    string
	command []string
	times   int
	png     string // "" or the file it writes
}

// A measurement is one run of a contender.
type measurement struct {
	cpu    time.Duration // of doing the work once
	digest string
}

func (c contender) run() (measurement, error) {
	cmd := exec.Command(c.command[0], c.command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return measurement{}, fmt.Errorf("%s: %w: %s", c.name, err, stderr.Bytes())
	}
	m := measurement{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	words := strings.Fields(stdout.String())
	if len(words) > 0 {
		m.digest = words[0]
	}
	if len(words) > 1 {
		seconds, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return m, fmt.Errorf("%s: CPU seconds: %w", c.name, err)
		}
		m.cpu = time.Duration(seconds * float64(time.Second))
	}
	m.cpu /= time.Duration(c.times)
	if c.png != "" {
		var err error
		if m.digest, err = pngDigest(c.png); err != nil {
			return m, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return m, nil
}

// compare adds a row for each peer. All contenders run once in every round.
func (b *bench) compare(work string, ours contender, peers ...contender) error {
	all := append([]contender{ours}, peers...)
	runs := make([][]measurement, len(all))
	for range b.rounds {
		for i, c := range all {
			m, err := c.run()
			if err != nil {
				return fmt.Errorf("%s: %w", work, err)
			}
			runs[i] = append(runs[i], m)
		}
	}
	for i, peer := range peers {
		b.row(work, peer.name, runs[0], runs[i+1])
	}
	return nil
}

func (b *bench) row(work, peer string, ours, theirs []measurement) {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = float64(theirs[i].cpu) / float64(ours[i].cpu)
	}
	slices.Sort(ratios)
	result := "equal"
	switch theirs[0].digest {
	case "", "-":
		result = "not compared"
	case ours[0].digest:
	default:
		result = "DIFFERENT"
	}
	b.rows = append(b.rows, fmt.Sprintf("| %s | %s | %s %s | %.3g (%.3g to %.3g) | %s |", work, median(ours),
		peer, median(theirs), ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], result))
}

func median(runs []measurement) string {
	cpu := make([]time.Duration, len(runs))
	for i, m := range runs {
		cpu[i] = m.cpu
	}
	slices.Sort(cpu)
	return fmt.Sprintf("%.0f ms", float64(cpu[len(cpu)/2])/1e6)
}

// note adds a line below the table, once.
func (b *bench) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(b.notes, n) {
		b.notes = append(b.notes, n)
	}
}

// report prints the table.
func (b *bench) report(w io.Writer) error {
	lines := []string{"| work | ours | peer | peer's time / ours | results |", "|---|---|---|---|---|"}
	lines = append(lines, b.rows...)
	lines = append(lines, "")
	for _, n := range b.notes {
		lines = append(lines, "* "+n)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// child is the command line of one of our children.
func (b *bench) child(args ...string) []string { return append([]string{b.self}, args...) }

// file is a path in the bench's folder, which goes with it.
func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// tool finds a peer's program; where it is not installed it notes the Debian
// package.
func (b *bench) tool(name, pkg string) (path string, ok bool) {
	path, err := exec.LookPath(name)
	if err != nil {
		b.note("without %s: apt-get install %s", name, pkg)
		return "", false
	}
	return path, true
}

// python finds an interpreter that has all modules. Debian's packages are not
// seen by a Python of another origin that comes first in the path.
func (b *bench) python(modules, pkgs string) (path string, ok bool) {
	for _, path := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(path, "-c", "import "+modules).Run() == nil {
			return path, true
		}
	}
	b.note("without Python's %s: apt-get install %s", modules, pkgs)
	return "", false
}
