package cxrbeam_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"

	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
	"github.com/cxrkit/cxrkit/examples/beam/internal/cluster"
)

// engine is the cluster that -cluster names, or nil.
var engine *cluster.Cluster

// onEngine runs tests, on Prism or on a cluster whose workers are this program.
func onEngine(m *testing.M) int {
	if *cluster.Name == "" {
		return m.Run()
	}
	var err error
	if engine, err = cluster.Start(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer engine.Stop()
	undo, err := asProcesses(`{"GOMAXPROCS": "1"}`)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer undo()
	stuck = 10 * time.Minute
	*jobopts.Endpoint = cluster.JobServer
	if *jobopts.Parallelism < 0 {
		*jobopts.Parallelism = cluster.Machines
	}
	return m.Run()
}

// asProcesses makes workers processes of this program, with an environment.
func asProcesses(env string) (undo func(), err error) {
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
	*jobopts.EnvironmentType, *jobopts.EnvironmentConfig, *jobopts.WorkerBinary = "PROCESS", fmt.Sprintf(`{"command": %q, "env": %s}`, self, env), stub.Name()
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

// One of two machines is killed at a film in the middle of a bundle, again in the
// middle of training and of scoring: the engine works on elsewhere.
func TestLostMachine(t *testing.T) {
	if engine == nil {
		t.Skip("-cluster names an engine of more than one machine")
	}
	t.Run("embed", func(t *testing.T) {
		in := phantoms(t, 40)
		want, failed := oneMachine(t, in)
		for _, format := range []string{"arrow", "tfrecord"} {
			o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: format, Shards: 3}
			trouble := &troubleFn{Dir: t.TempDir(), Every: 7, Times: 1, Kill: true, Machines: engine.PIDs()}
			start := time.Now()
			counts, err := run(t, pipeline(t, o, trouble, in))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: took %v: %v", format, time.Since(start).Round(time.Second), counts)
			if n := len(contents(t, trouble.Dir)); n != 1 {
				t.Errorf("%s: %d machines were killed, want 1", format, n)
			}
			equal(t, o.Output, want, failed)
			if err := engine.Heal(); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name, test := range map[string]func(*testing.T){
		"train": func(t *testing.T) { trainsToTheOptimum(t, 0) },
		"score": func(t *testing.T) { scoresAndEvaluates(t, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			lost := engine.Lose()
			test(t)
			if err := lost(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
