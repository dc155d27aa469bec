package local

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// A team is the goroutines that share the steps of one run. They wait for the
// next step without sleeping: a step takes some tens of microseconds, and to
// wake a thread would take as long. They live as long as the run.
type team struct {
	size    int
	step    atomic.Uint32 // counts steps, to tell of a new one
	ended   atomic.Bool
	waiting atomic.Int32 // members that have yet to do their part
	do      func(simd.Part) error
	errs    []error
	members sync.WaitGroup
}

func newTeam(size int) *team {
	t := &team{size: size, errs: make([]error, size)}
	for i := 1; i < size; i++ {
		t.members.Go(func() { t.serve(i) })
	}
	return t
}

func (t *team) serve(member int) {
	for seen := uint32(0); ; {
		for spins := 0; t.step.Load() == seen; spins++ {
			if t.ended.Load() {
				return
			}
			if spins%64 == 63 {
				runtime.Gosched()
			}
		}
		seen++
		t.errs[member] = t.do(simd.Part{Index: member, Of: t.size})
		t.waiting.Add(-1)
	}
}

// share has all members do their parts of a step, the caller the first.
func (t *team) share(do func(simd.Part) error) error {
	t.do = do
	t.waiting.Store(int32(t.size - 1))
	t.step.Add(1)
	t.errs[0] = do(simd.Part{Index: 0, Of: t.size})
	for spins := 0; t.waiting.Load() > 0; spins++ {
		if spins%64 == 63 {
			runtime.Gosched()
		}
	}
	for _, err := range t.errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// end sends the members away.
func (t *team) end() {
	t.ended.Store(true)
	t.members.Wait()
}
