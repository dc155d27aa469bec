package remote

import (
	"context"
	"sync"
)

// Batches are how jobs share requests.
type Batches struct {
	Jobs  int           // in a request, at most
	Bytes int           // of a request, at most
	Empty int           // bytes of a request without jobs
	Slots chan struct{} // has as many places as requests may be under way at once, of all calls
}

// Send hands jobs to send in batches, in their order, and returns when all are
// done or ctx has ended, with its error. Prepare is called on each job shortly
// before it is sent and tells its bytes in a request; false leaves it out.
func Send[J any](ctx context.Context, b Batches, jobs []J, prepare func(J) (bytes int, ok bool), send func([]J)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var group sync.WaitGroup
	var batch []J
	size := b.Empty
	flush := func() bool {
		if len(batch) == 0 {
			return true
		}
		full := batch
		batch, size = nil, b.Empty
		select {
		case b.Slots <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		group.Go(func() {
			defer func() { <-b.Slots }()
			send(full)
		})
		return true
	}
	for _, j := range jobs {
		bytes, ok := prepare(j)
		if !ok {
			continue
		}
		if (len(batch) == b.Jobs || size+bytes > b.Bytes) && !flush() {
			break
		}
		batch, size = append(batch, j), size+bytes
	}
	flush()
	group.Wait()
	return ctx.Err()
}
