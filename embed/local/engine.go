package local

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/network"
)

// An engine runs a program, several times at once.
type engine struct {
	program *network.Program
	threads int
	slots   chan struct{} // one for each run that may be under way
	mu      sync.Mutex
	idle    []*instance
}

// open makes the first instance: what cannot run must fail here.
func (e *engine) open(program *network.Program, parallel, threads int) error {
	if parallel <= 0 {
		parallel = max(1, runtime.GOMAXPROCS(0)/threads)
	}
	e.program, e.threads, e.slots = program, threads, make(chan struct{}, parallel)
	first, err := newInstance(program, threads)
	if err != nil {
		return err
	}
	e.idle = append(e.idle, first)
	return nil
}

// run runs the network once: fill writes its input, use reads its output.
func (e *engine) run(ctx context.Context, fill func([]float32) error, use func([]float32)) error {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	in, err := e.take()
	if err != nil {
		return err
	}
	broken, err := e.runOn(ctx, in, fill, use)
	if broken {
		return err // the instance is dropped
	}
	e.mu.Lock()
	e.idle = append(e.idle, in)
	e.mu.Unlock()
	return err
}

// runOn is run on an instance, which a panic in a step may leave broken.
func (e *engine) runOn(ctx context.Context, in *instance, fill func([]float32) error, use func([]float32)) (broken bool, err error) {
	defer in.assemble()()
	if err := fill(e.program.In(in.memory)); err != nil {
		return false, err
	}
	if err := in.run(ctx); err != nil {
		return true, err
	}
	use(e.program.Out(in.memory))
	return false, nil
}

// take is an instance that nobody uses; slots bound how many there are.
func (e *engine) take() (*instance, error) {
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		in := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		return in, nil
	}
	e.mu.Unlock()
	return newInstance(e.program, e.threads)
}

// tokens copies the output out of the network's memory, pooled.
func (e *engine) tokens(out []float32, pool Pool) []float32 {
	tokens, dim, _ := embeddingShape(e.program, PoolNone)
	out = slices.Clone(out)
	if len(e.program.Output) == 4 && e.program.Layout != network.ChannelsLast { // channels first: places become tokens
		turned := make([]float32, len(out))
		for ch := range dim {
			for p := range tokens {
				turned[p*dim+ch] = out[ch*tokens+p]
			}
		}
		out = turned
	}
	switch pool {
	case PoolCLS:
		return slices.Clone(out[:dim])
	case PoolMean:
		all := cxr.Embedding{Space: cxr.Space{Tokens: tokens, Dim: dim}, Values: out}
		return all.Mean(nil)
	}
	return out
}
