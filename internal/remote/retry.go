// Package remote is what clients of models and archives on other machines share:
// when a request is made again, and what of a stranger's message may be repeated.
package remote

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Retry says how often and when a request is made again. Packages have a Retry of
// their own with these fields, which explains them.
type Retry struct {
	Tries                   int
	First, Longest, Timeout time.Duration
}

// WithDefaults is r with every zero field set.
func (r Retry) WithDefaults() Retry {
	if r.Tries == 0 {
		r.Tries = 5
	}
	for d, otherwise := range map[*time.Duration]time.Duration{&r.First: time.Second, &r.Longest: time.Minute, &r.Timeout: time.Minute} {
		if *d == 0 {
			*d = otherwise
		}
	}
	return r
}

// Valid reports whether no field is below 0.
func (r Retry) Valid() bool { return r.Tries >= 0 && min(r.First, r.Longest, r.Timeout) >= 0 }

// Traffic is what all requests of a client share: the rules, the budget of
// retries and the rate. It is safe for concurrent use.
type Traffic struct {
	Retry
	Random func() float64 // 0 to below 1; tests set it

	interval       time.Duration // between requests
	mu             sync.Mutex
	calls, retries int
	next           time.Time // the earliest time of the next request
}

// NewTraffic is traffic of at most rate requests a second, 0 being any number.
func NewTraffic(r Retry, rate float64) *Traffic {
	t := &Traffic{Retry: r.WithDefaults(), Random: rand.Float64}
	if rate > 0 {
		t.interval = time.Duration(float64(time.Second) / rate)
	}
	return t
}

// Begin counts a request. Its retries are not counted.
func (t *Traffic) Begin() {
	t.mu.Lock()
	t.calls++
	t.mu.Unlock()
}

// Turn waits until the rate allows another request.
func (t *Traffic) Turn(ctx context.Context) error {
	if t.interval == 0 {
		return ctx.Err()
	}
	t.mu.Lock()
	now := time.Now()
	at := t.next
	if at.Before(now) {
		at = now
	}
	t.next = at.Add(t.interval)
	t.mu.Unlock()
	return Sleep(ctx, at.Sub(now))
}

// Again reports whether a request that failed for the try-th time may be made
// again, after it has waited for that, at least as long as the other side asks.
// The budget is one retry in ten requests, once 20 are done. It does not wait
// past the deadline of ctx. The error is that of ctx.
func (t *Traffic) Again(ctx context.Context, try int, least time.Duration) (bool, error) {
	if !t.spend() {
		return false, nil
	}
	wait := min(max(least, t.Wait(try)), t.Longest)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false, nil
	}
	if err := Sleep(ctx, wait); err != nil {
		return false, err
	}
	return true, nil
}

// Wait is random up to a bound that doubles with each try ("full jitter").
func (t *Traffic) Wait(try int) time.Duration {
	bound := t.First
	for range try - 1 {
		if bound *= 2; bound >= t.Longest {
			break
		}
	}
	return time.Duration(t.Random() * float64(min(bound, t.Longest)))
}

// spend takes a retry off the budget.
func (t *Traffic) spend() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls > 20 && t.retries >= t.calls/10 {
		return false
	}
	t.retries++
	return true
}

// Sleep waits, or ends with the error of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
