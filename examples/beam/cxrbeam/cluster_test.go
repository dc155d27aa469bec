package cxrbeam_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"

	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
	"github.com/cxrkit/cxrkit/examples/beam/internal/cluster"
)

var engineName = flag.String("cluster", "", "flink or spark: run the tests there, not on Prism; cluster.sh fetches what they need")

// engine is the cluster that -cluster names, or nil.
var engine *cluster.Cluster

// onEngine runs tests, on Prism or on a cluster whose workers are this program.
func onEngine(m *testing.M) int {
	if *engineName == "" {
		return m.Run()
	}
	var err error
	if engine, err = cluster.Start(*engineName, filepath.Join("..", *engineName, "target")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer engine.Stop()
	undo, err := asProcesses()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer undo()
	*jobopts.Endpoint = cluster.JobServer
	if *jobopts.Parallelism < 0 {
		*jobopts.Parallelism = cluster.Machines
	}
	return m.Run()
}

// asProcesses makes workers processes of this program.
func asProcesses() (undo func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	stub, err := os.CreateTemp("", "staged-*") // runners want a program to stage, which nobody starts
	if err != nil {
		return nil, err
	}
	defer stub.Close()
	if _, err := stub.WriteString("-"); err != nil {
		return nil, err
	}
	kind, config, binary := *jobopts.EnvironmentType, *jobopts.EnvironmentConfig, *jobopts.WorkerBinary
	*jobopts.EnvironmentType, *jobopts.EnvironmentConfig, *jobopts.WorkerBinary = "PROCESS", fmt.Sprintf(`{"command": %q}`, self), stub.Name()
	return func() {
		os.Remove(stub.Name())
		*jobopts.EnvironmentType, *jobopts.EnvironmentConfig, *jobopts.WorkerBinary = kind, config, binary
	}, nil
}

func execute(ctx context.Context, p *beam.Pipeline) (beam.PipelineResult, error) {
	if engine == nil {
		return prism.Execute(ctx, p)
	}
	return universal.Execute(ctx, p)
}

// jobsLost is how many jobs fail of so many failures.
func jobsLost(failures int) int {
	if engine == nil {
		return failures
	}
	return 0
}

// killMachine kills the one of machines that this process is a child of, and what
// is between, if there are any.
func killMachine(machines []int) error {
	for pid := os.Getppid(); len(machines) > 0; {
		if pid <= 1 {
			return fmt.Errorf("this process is on none of the machines %v", machines)
		}
		above, err := parent(pid)
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		if slices.Contains(machines, pid) {
			return nil
		}
		pid = above
	}
	return nil
}

func parent(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ") // java, the name, has none
	return strconv.Atoi(strings.Fields(after)[1])
}

// One of two machines is lost while films are embedded, again while a head is
// trained on them, and again while it scores: the engine tries again elsewhere.
func TestLostMachine(t *testing.T) {
	if engine == nil {
		t.Skip("-cluster names an engine of more than one machine")
	}
	in := phantoms(t, 40)
	want, failed := oneMachine(t, in)
	o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: "arrow", Shards: 3}
	trouble := &troubleFn{Dir: t.TempDir(), Every: 7, Times: 1, Kill: true, Machines: engine.PIDs()}
	start := time.Now()
	counts, err := run(t, pipeline(t, o, trouble, in))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("embedded in %v: %v", time.Since(start).Round(time.Second), counts)
	if n := len(contents(t, trouble.Dir)); n != 1 {
		t.Errorf("%d machines were killed, want 1", n)
	}
	equal(t, o.Output, want, failed)
}
