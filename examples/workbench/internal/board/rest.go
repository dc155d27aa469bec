package board

import (
	"context"
	"sync/atomic"
	"time"
)

// eyes tell when a page asked for pictures last.
type eyes struct{ last atomic.Int64 } // nanoseconds since 1970

func (e *eyes) now() { e.last.Store(time.Now().UnixNano()) }

// rest waits while somebody scrolls, as the pictures of a screen come before films
// that are embedded in the background; but not forever, as somebody may scroll on.
func (b *Board) rest(ctx context.Context) {
	const pause, longest = 300 * time.Millisecond, 3 * time.Second
	for end := time.Now().Add(longest); time.Now().Before(end); {
		left := pause - time.Since(time.Unix(0, b.looking.last.Load()))
		if left <= 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(left):
		}
	}
}
