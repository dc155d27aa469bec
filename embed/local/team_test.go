package local

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/internal/simd"
)

// Every part of every step is done once, however many processors there are, also after
// members fell asleep; an error of a part is that of the step.
func TestTeam(t *testing.T) {
	for _, processors := range []int{1, 2, 4} {
		before := runtime.GOMAXPROCS(processors)
		for _, size := range []int{1, 2, 5} {
			team := newTeam(size)
			done := make([]atomic.Int32, size)
			failure := errors.New("a part's")
			for step := range 400 {
				if step%100 == 50 { // long enough to sleep
					for i := range team.others {
						for wait := time.Now(); !team.others[i].asleep.Load() && time.Since(wait) < 5*time.Second; {
							time.Sleep(time.Millisecond)
						}
						if !team.others[i].asleep.Load() {
							t.Errorf("%d processors, team of %d: member %d does not sleep", processors, size, i)
						}
					}
				}
				failing := step % (size + 3) // a part, or none
				err := team.share(func(p simd.Part) error {
					if p.Of != size {
						t.Errorf("part of %d, want %d", p.Of, size)
					}
					done[p.Index].Add(1)
					if step%7 == 0 && p.Index == 0 {
						time.Sleep(20 * time.Microsecond) // others end first
					}
					if p.Index == failing {
						return failure
					}
					return nil
				})
				if (err != nil) != (failing < size) {
					t.Fatalf("step %d: error %v", step, err)
				}
				for i := range done {
					if n := done[i].Load(); n != int32(step+1) {
						t.Fatalf("%d processors, team of %d: part %d done %d times in %d steps", processors, size, i, n, step+1)
					}
				}
			}
			team.end()
		}
		runtime.GOMAXPROCS(before)
	}
}

// A team that never has a step ends, asleep or not.
func TestTeamWithoutSteps(t *testing.T) {
	newTeam(3).end()
	team := newTeam(3)
	time.Sleep(20 * time.Millisecond)
	team.end()
}

// What a member whose thread does not run has not begun, the caller does.
func TestTeamOfLateMembers(t *testing.T) {
	team := &team{size: 3, errs: make([]error, 3), others: make([]member, 2)} // whose goroutines never start
	var done atomic.Int32
	if err := team.share(func(simd.Part) error { done.Add(1); return nil }); err != nil || done.Load() != 3 {
		t.Errorf("%d parts done, error %v", done.Load(), err)
	}
}
