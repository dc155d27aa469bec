package parallel

import (
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		counts := make([]atomic.Int32, n)
		Each(n, func(i int) { counts[i].Add(1) })
		for i := range counts {
			if c := counts[i].Load(); c != 1 {
				t.Errorf("%d of %d was done %d times", i, n, c)
			}
		}
	}
}

func TestAPanicIsTheCallers(t *testing.T) {
	defer func() {
		if r := recover(); r != "at 7" {
			t.Errorf("panic %v", r)
		}
	}()
	Each(100, func(i int) {
		if i == 7 {
			panic("at 7")
		}
	})
	t.Error("no panic")
}
