package local

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/cxrkit/cxrkit/internal/building"
	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/network"
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
	building.Lock.Lock()
	defer building.Lock.Unlock()
	in := &instance{memory: make([]float32, p.Memory), threads: 1}
	if threads > 1 {
		in.threads = threads
	}
	g := gorgonia.NewGraph()
	vector := func(data []float32) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(data)), tensor.WithBacking(data))
	}
	input := vector(p.In(in.memory))
	film := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(input.Shape()...), gorgonia.WithName("film"), gorgonia.WithValue(input))
	nodes := make([]*gorgonia.Node, len(p.Steps))
	previous := film
	for i := range p.Steps {
		step := &p.Steps[i]
		op := &operation{id: i, name: step.Name, run: step.Bind(in.memory), shared: step.Shared, instance: in, result: vector(step.Result(in.memory))}
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
		op.arity = len(operands)
		node, err := gorgonia.ApplyOp(op, operands...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.Name, err)
		}
		nodes[i], previous = node, node
	}
	in.vm = gorgonia.NewTapeMachine(g)
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

// An operation is a step as Gorgonia sees it: a function of vectors whose
// result always lies in the same memory.
type operation struct {
	id       int
	arity    int
	name     string // of the ONNX node
	run      func(kernel.Part)
	shared   bool // by the instance's threads
	instance *instance
	result   *tensor.Dense
}

var _ gorgonia.Op = (*operation)(nil)

func (o *operation) Arity() int { return o.arity }

func (o *operation) Type() hm.Type {
	vector := gorgonia.TensorType{Dims: 1, Of: tensor.Float32}
	types := make([]hm.Type, o.arity+1)
	for i := range types {
		types[i] = vector
	}
	return hm.NewFnType(types...)
}

func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.result.Shape().Clone(), nil
}

// Do runs the step, with the team where it is shared.
func (o *operation) Do(...gorgonia.Value) (gorgonia.Value, error) {
	if err := o.instance.ctx.Err(); err != nil {
		return nil, err
	}
	if team := o.instance.team; team != nil && o.shared {
		return o.result, team.share(o.part)
	}
	return o.result, o.part(kernel.Whole)
}

// part does a part of the step. A panic on a goroutine that is not the caller's,
// Gorgonia's or ours, would end the process: it becomes an error.
func (o *operation) part(p kernel.Part) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v", o.name, r)
		}
	}()
	o.run(p)
	return nil
}

func (o *operation) ReturnsPtr() bool     { return true }
func (o *operation) CallsExtern() bool    { return false }
func (o *operation) OverwritesInput() int { return -1 }

// WriteHash writes something of each operation alone: Gorgonia joins nodes of
// equal hash and operands.
func (o *operation) WriteHash(h hash.Hash) { fmt.Fprintf(h, "step %d", o.id) }

func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *operation) String() string { return o.name }
