// Package parallel shares work among the processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls f for 0..n-1 from as many goroutines as there are processors. A
// panic of one is its caller's.
func Each(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	var fault atomic.Value
	work := func() {
		defer func() {
			if r := recover(); r != nil {
				fault.CompareAndSwap(nil, &r)
			}
		}()
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	if r, ok := fault.Load().(*any); ok {
		panic(*r)
	}
}
