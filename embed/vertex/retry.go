package vertex

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/internal/remote"
)

// A retrier makes requests and makes them again where that may help.
type retrier struct {
	api       caller
	dedicated bool
	quota     string // the project whose quota counts, where the connection does not say it
	*remote.Traffic
}

func newRetrier(api caller, o Options) *retrier {
	r := &retrier{api: api, dedicated: o.Dedicated, Traffic: remote.NewTraffic(o.Retry.policy(), o.Rate)}
	if o.Insecure || o.API != nil {
		r.quota = o.QuotaProject
	}
	return r
}

// to is a retrier of the same rate and budget over another connection.
func (r *retrier) to(api caller) *retrier {
	other := *r
	other.api = api
	return &other
}

// requestSize is the bytes of a request without instances; each adds its
// instanceSize.
func requestSize(endpoint string) int {
	return protowire.SizeTag(1) + protowire.SizeBytes(len(endpoint))
}

func instanceSize(instance []byte) int {
	return protowire.SizeTag(2) + protowire.SizeBytes(len(instance))
}

// predict is the reply to a request of the given instances. What is private
// shows in no error.
func (r *retrier) predict(ctx context.Context, endpoint string, instances [][]byte, private []string) ([]byte, error) {
	request := &aiplatformpb.PredictRequest{Endpoint: endpoint}
	var raw []byte
	for _, v := range instances {
		raw = appendBytes(raw, 2, v)
	}
	request.ProtoReflect().SetUnknown(raw) // already in wire format
	if r.dedicated {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-vertex-ai-endpoint-id", path.Base(endpoint))
	}
	if r.quota != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-goog-user-project", r.quota)
	}
	r.Begin()
	for try := 1; ; try++ {
		if err := r.Turn(ctx); err != nil {
			return nil, err
		}
		reply, least, err := r.try(ctx, request)
		if err == nil {
			return reply, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed := &Error{Code: status.Code(err).String(), Tries: try, words: said(err, private)}
		tries := r.Tries
		if code := status.Code(err); len(instances) > 1 && (code == codes.Internal || code == codes.Unknown) {
			tries = min(tries, 2) // one of the instances may be the cause: alone each has all its tries
		}
		if !temporary(err) || try >= tries {
			return nil, failed
		}
		if again, err := r.Again(ctx, try, least); err != nil {
			return nil, err
		} else if !again {
			return nil, failed
		}
	}
}

// try makes one request. If it fails, least is how long the service asks to
// wait.
func (r *retrier) try(ctx context.Context, request *aiplatformpb.PredictRequest) (reply []byte, least time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
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

// temporary reports whether another try may do better. A message that is too
// large has the code of an exhausted quota, and stays too large.
func temporary(err error) bool {
	s, ok := status.FromError(err)
	if !ok { // not of the service
		return false
	}
	switch s.Code() {
	case codes.ResourceExhausted:
		return !strings.Contains(s.Message(), "larger than max")
	case codes.Unavailable, codes.Internal, codes.DeadlineExceeded, codes.Unknown: // Unknown is what gRPC makes of a bare HTTP 500
		return true
	}
	return false
}
