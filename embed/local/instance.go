package local

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/internal/network"
	"github.com/cxrkit/cxrkit/internal/pages"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// An instance is a program over working memory of its own, run by one goroutine at
// a time. The weights are in the program's steps, shared by all instances.
type instance struct {
	memory  []float32
	threads int
	team    *team           // of the run under way, if several threads share its steps
	steps   func() error    // all of them, in their order
	ctx     context.Context // of the run under way, for the operations to look at
}

func newInstance(p *network.Program, threads int) (*instance, error) {
	in := &instance{memory: pages.Zeros[float32](p.Memory), threads: max(threads, 1)}
	run := make([]func() error, len(p.Steps))
	for i := range p.Steps {
		step := &p.Steps[i]
		run[i] = in.operation(step.Name, step.Bind(in.memory), step.Shared)
	}
	var err error
	in.steps, err = arrange(p, in.memory, run)
	return in, err
}

// assemble starts the threads that share the steps of the next run, and returns what
// ends them. Until they run takes as long as a small film is filled in, so that it is
// done before that.
func (in *instance) assemble() (dismiss func()) {
	if in.threads == 1 {
		return func() {}
	}
	in.team = newTeam(in.threads)
	return func() {
		in.team.end()
		in.team = nil
	}
}

// run runs the network on what is in its input memory.
func (in *instance) run(ctx context.Context) error {
	in.ctx = ctx
	err := in.steps()
	in.ctx = nil
	return err
}

// operation is a step as it is run, by the instance's threads if it is shared
// and there are some.
func (in *instance) operation(name string, run func(simd.Part), shared bool) func() error {
	// A panic on a goroutine of the team's would end the process.
	part := func(p simd.Part) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%s: panic: %v", name, r)
			}
		}()
		run(p)
		return nil
	}
	return func() error {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		if shared && in.team != nil {
			return in.team.share(part)
		}
		return part(simd.Whole)
	}
}
