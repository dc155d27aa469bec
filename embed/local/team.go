package local

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// A team is the goroutines that share the steps of one run. They wait for the next
// step without sleeping: a step takes some tens of microseconds, and to wake a thread
// would take as long. Whose wait is long sleeps all the same, and a member that is
// late, because it sleeps or the system runs something else in its place, finds its
// part taken by the caller: two threads are no slower than one. They live as long as
// the run.
type team struct {
	size    int
	do      func(simd.Part) error
	errs    []error
	others  []member // all but the caller
	running sync.WaitGroup

	_       [64]byte      // of another cache line, as what members read all the time
	step    atomic.Uint32 // counts steps, to tell of a new one
	ended   atomic.Bool
	_       [64]byte
	waiting atomic.Int32 // parts of others that are yet to be done
}

// A member is a goroutine of a team.
type member struct {
	taken  atomic.Uint32 // the last step of which somebody took its part
	asleep atomic.Bool
	wake   chan struct{}
	_      [64]byte
}

// patience is how often a member looks for a step, in rounds of 64, before it sleeps:
// some hundred microseconds.
const patience = 500

func newTeam(size int) *team {
	t := &team{size: size, errs: make([]error, size), others: make([]member, size-1)}
	for i := range t.others {
		m := &t.others[i]
		m.wake = make(chan struct{}, 1)
		t.running.Go(func() { t.serve(m, i+1) })
	}
	return t
}

func (t *team) serve(m *member, part int) {
	for seen := uint32(0); t.await(m, &seen); {
		t.take(m, part, seen)
	}
}

// await waits for a step after the one seen, and sets seen to it; false at the end.
func (t *team) await(m *member, seen *uint32) bool {
	for rounds := 0; ; rounds++ {
		for range 64 {
			if step := t.step.Load(); step != *seen {
				*seen = step
				return true
			}
			if t.ended.Load() {
				return false
			}
		}
		if runtime.Gosched(); rounds < patience {
			continue
		}
		m.asleep.Store(true)
		// A step that came in between woke nobody, unless it saw this one asleep.
		if t.step.Load() == *seen && !t.ended.Load() || !m.asleep.CompareAndSwap(true, false) {
			<-m.wake
		}
		rounds = 0
	}
}

// take does a part of a step, unless somebody else has taken it.
func (t *team) take(m *member, part int, step uint32) {
	if m.taken.CompareAndSwap(step-1, step) {
		t.errs[part] = t.do(simd.Part{Index: part, Of: t.size})
		t.waiting.Add(-1)
	}
}

// share has all members do their parts of a step, the caller the first, and those that
// nobody has begun by then.
func (t *team) share(do func(simd.Part) error) error {
	t.do = do
	t.waiting.Store(int32(t.size - 1))
	step := t.step.Add(1)
	t.rouse()
	t.errs[0] = do(simd.Part{Index: 0, Of: t.size})
	for i := range t.others {
		t.take(&t.others[i], i+1, step)
	}
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

// rouse wakes the members that sleep.
func (t *team) rouse() {
	for i := range t.others {
		if m := &t.others[i]; m.asleep.Load() && m.asleep.CompareAndSwap(true, false) {
			m.wake <- struct{}{}
		}
	}
}

// end sends the members away.
func (t *team) end() {
	t.ended.Store(true)
	t.rouse()
	t.running.Wait()
}
