package local

import (
	"context"
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/cxrkit/cxrkit/internal/graph"
	"github.com/cxrkit/cxrkit/internal/network"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// An instance is a Gorgonia graph over working memory of its own, run by one
// goroutine at a time. The weights are in the program's steps, shared by all
// instances.
type instance struct {
	memory  []float32
	threads int
	team    *team // of the run under way, if several threads share its steps
	vm      gorgonia.VM
	ctx     context.Context // of the run under way, for the operations to look at
}

func newInstance(p *network.Program, threads int) (*instance, error) {
	graph.Lock.Lock()
	defer graph.Lock.Unlock()
	in := &instance{memory: make([]float32, p.Memory), threads: max(threads, 1)}
	g := gorgonia.NewGraph()
	film := graph.Input(g, "film", p.In(in.memory))
	nodes := make([]*gorgonia.Node, len(p.Steps))
	previous := film
	for i := range p.Steps {
		step := &p.Steps[i]
		op := &graph.Op{Name: step.Name, Result: graph.Vector(step.Result(in.memory)), Run: in.operation(step.Name, step.Bind(in.memory), step.Shared)}
		// Steps share memory, so they must run in their order: each takes the
		// one before it besides its operands.
		operands := []*gorgonia.Node{previous}
		for _, r := range step.Reads {
			operand := film
			if r >= 0 {
				operand = nodes[r]
			}
			operands = append(operands, operand)
		}
		node, err := graph.Apply(op, operands...)
		if err != nil {
			return nil, err
		}
		nodes[i], previous = node, node
	}
	in.vm = graph.Machine(g)
	return in, nil
}

// run runs the graph on what is in its input memory.
func (in *instance) run(ctx context.Context) error {
	in.ctx = ctx
	if in.threads > 1 {
		in.team = newTeam(in.threads)
		defer func() {
			in.team.end()
			in.team = nil
		}()
	}
	err := in.vm.RunAll()
	in.vm.Reset()
	in.ctx = nil
	return err
}

// operation is a step as a graph runs it, by the instance's threads if it is shared
// and there are some. Where it reads and writes is settled: the operands only say
// what comes before it.
func (in *instance) operation(name string, run func(simd.Part), shared bool) func([]gorgonia.Value) error {
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
	return func([]gorgonia.Value) error {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		if shared && in.team != nil {
			return in.team.share(part)
		}
		return part(simd.Whole)
	}
}
