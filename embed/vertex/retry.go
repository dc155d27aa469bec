package vertex

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// An Error is a request that failed, after all its tries.
type Error struct {
	Code  string // of gRPC: "InvalidArgument", "Unavailable"...
	Tries int
	words string
}

// Error gives the code and what the service said, shortened. What a failed
// sign-in says is left out: it may hold credentials.
func (e *Error) Error() string {
	said := ""
	if e.words != "" {
		said = ": " + e.words
	}
	return fmt.Sprintf("vertex: request failed with code %s after %d tries%s", e.Code, e.Tries, said)
}

// refused reports an error of the request itself, which one instance may have
// caused.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codes.InvalidArgument.String()
}

// A retrier makes requests and makes them again where that may help.
type retrier struct {
	api       caller
	policy    Retry
	dedicated bool
	interval  time.Duration // between requests
	random    func() float64

	mu             sync.Mutex
	calls, retries int
	next           time.Time // the earliest time of the next request
}

func newRetrier(api caller, o Options) *retrier {
	r := &retrier{api: api, policy: o.Retry.orDefaults(), dedicated: o.Dedicated, random: rand.Float64}
	if o.Rate > 0 {
		r.interval = time.Duration(float64(time.Second) / o.Rate)
	}
	return r
}

// predict is the reply to a request of the given instances.
func (r *retrier) predict(ctx context.Context, endpoint string, instances [][]byte) ([]byte, error) {
	request := &aiplatformpb.PredictRequest{Endpoint: endpoint}
	var raw []byte
	for _, v := range instances {
		raw = appendBytes(raw, 2, v)
	}
	request.ProtoReflect().SetUnknown(raw) // already in wire format
	if r.dedicated {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-vertex-ai-endpoint-id", path.Base(endpoint))
	}
	r.mu.Lock()
	r.calls++
	r.mu.Unlock()
	for try := 1; ; try++ {
		if err := r.turn(ctx); err != nil {
			return nil, err
		}
		reply, least, err := r.try(ctx, request)
		if err == nil {
			return reply, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed := &Error{Code: status.Code(err).String(), Tries: try, words: said(err)}
		if !temporary(err) || try >= r.policy.Tries || !r.mayRetry() {
			return nil, failed
		}
		wait := max(least, r.wait(try))
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
			return nil, failed
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// try makes one request. If it fails, least is how long the service asks to
// wait.
func (r *retrier) try(ctx context.Context, request *aiplatformpb.PredictRequest) (reply []byte, least time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.policy.Timeout)
	defer cancel()
	var header, trailer metadata.MD
	response, err := r.api.Predict(ctx, request, gax.WithGRPCOptions(grpc.Header(&header), grpc.Trailer(&trailer)))
	if err == nil {
		reply, err = wire(response)
		return reply, 0, err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = status.Error(codes.DeadlineExceeded, "no answer in time")
	}
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			least = max(least, info.GetRetryDelay().AsDuration())
		}
	}
	for _, v := range append(header.Get("retry-after"), trailer.Get("retry-after")...) {
		if seconds, err := strconv.ParseUint(v, 10, 20); err == nil {
			least = max(least, time.Duration(seconds)*time.Second)
		}
	}
	return nil, least, err
}

// wait is random up to a bound that doubles with each try ("full jitter").
func (r *retrier) wait(try int) time.Duration {
	bound := r.policy.First
	for range try - 1 {
		if bound *= 2; bound >= r.policy.Longest {
			break
		}
	}
	return time.Duration(r.random() * float64(min(bound, r.policy.Longest)))
}

// temporary reports whether another try may do better. A message that is too
// large has the code of an exhausted quota, and stays too large.
func temporary(err error) bool {
	switch status.Code(err) {
	case codes.ResourceExhausted:
		return !strings.Contains(status.Convert(err).Message(), "larger than max")
	case codes.Unavailable, codes.Internal, codes.DeadlineExceeded:
		return true
	}
	return false
}

// mayRetry takes a retry off the budget.
func (r *retrier) mayRetry() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls > 20 && r.retries >= r.calls/10 {
		return false
	}
	r.retries++
	return true
}

// turn waits until the rate allows another request.
func (r *retrier) turn(ctx context.Context) error {
	if r.interval == 0 {
		return ctx.Err()
	}
	r.mu.Lock()
	now := time.Now()
	at := r.next
	if at.Before(now) {
		at = now
	}
	r.next = at.Add(r.interval)
	r.mu.Unlock()
	return sleep(ctx, at.Sub(now))
}

func sleep(ctx context.Context, d time.Duration) error {
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

// said is a service's message where it is safe to repeat. What goes wrong on
// this side of the wire may hold tokens or addresses.
func said(err error) string {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unauthenticated, codes.Unavailable, codes.Unknown:
		return ""
	}
	return words(s.Message())
}
