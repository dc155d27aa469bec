//go:build !wasm

package local

import (
	"gorgonia.org/gorgonia"

	"github.com/cxrkit/cxrkit/internal/graph"
	"github.com/cxrkit/cxrkit/internal/network"
)

// arrange makes a Gorgonia graph of a program's steps. Where a step reads and
// writes is settled: the operands only say what comes before it.
func arrange(p *network.Program, memory []float32, run []func() error) (all func() error, err error) {
	graph.Lock.Lock()
	defer graph.Lock.Unlock()
	g := gorgonia.NewGraph()
	film := graph.Input(g, "film", p.In(memory))
	nodes := make([]*gorgonia.Node, len(p.Steps))
	previous := film
	for i := range p.Steps {
		step := &p.Steps[i]
		op := &graph.Op{Name: step.Name, Result: graph.Vector(step.Result(memory)), Run: func([]gorgonia.Value) error { return run[i]() }}
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
	machine := graph.Machine(g)
	return func() error {
		defer machine.Reset()
		return machine.RunAll()
	}, nil
}
