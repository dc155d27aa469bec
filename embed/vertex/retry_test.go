package vertex

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// A script answers calls with errors, nil for success, and notes when they came.
type script struct {
	errs  []error
	start time.Time
	at    []time.Duration
}

func (s *script) Predict(ctx context.Context, _ *aiplatformpb.PredictRequest, _ ...gax.CallOption) (*aiplatformpb.PredictResponse, error) {
	s.at = append(s.at, time.Since(s.start))
	if n := len(s.at) - 1; n < len(s.errs) {
		if s.errs[n] == errStall {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if s.errs[n] != nil {
			return nil, s.errs[n]
		}
	}
	return &aiplatformpb.PredictResponse{}, nil
}

var errStall = errors.New("stall")

func TestScheduleOfTries(t *testing.T) {
	busy, down := status.Error(codes.ResourceExhausted, "quota"), status.Error(codes.Unavailable, "down")
	later := status.New(codes.ResourceExhausted, "quota")
	later, err := later.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(9 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	muchLater, err := status.New(codes.ResourceExhausted, "quota").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	bare, broken := status.Error(codes.Unknown, "unexpected HTTP status code received from server: 500"), status.Error(codes.Internal, "")
	const s = time.Second
	type schedule struct {
		name      string
		errs      []error
		deadline  time.Duration
		at        []time.Duration
		fails     string
		instances [][]byte
	}
	four := [][]byte{nil, nil, nil, nil}
	tests := []schedule{
		// Waits are half their bounds here: 0.5 s, 1 s, 2 s, 4 s.
		{"at once", nil, 0, []time.Duration{0}, "", nil},
		{"after each fault twice as long", []error{busy, down, busy, down}, 0, []time.Duration{0, s / 2, s/2 + s, s/2 + 3*s, s/2 + 7*s}, "", nil},
		{"five tries and no more", []error{down, down, down, down, down, down}, 0, []time.Duration{0, s / 2, s/2 + s, s/2 + 3*s, s/2 + 7*s}, "code Unavailable after 5 tries", nil},
		{"as late as the service asks", []error{later.Err()}, 0, []time.Duration{0, 9 * s}, "", nil},
		{"but no later than the longest wait", []error{muchLater.Err()}, 0, []time.Duration{0, 60 * s}, "", nil},
		{"again after a bare HTTP 500", []error{bare}, 0, []time.Duration{0, s / 2}, "", nil},
		{"no try for what is no answer of a service", []error{errors.New("token ya29.secret")}, 0, []time.Duration{0}, "code Unknown after 1 try", nil},
		{"several instances twice for an internal error, one of them may be the cause", []error{broken, broken, broken}, 0, []time.Duration{0, s / 2}, "code Internal after 2 tries", four},
		{"likewise for a bare HTTP 500", []error{bare, bare, bare}, 0, []time.Duration{0, s / 2}, "code Unknown after 2 tries", four},
		{"several instances five times while the service is down", []error{down, down, down, down}, 0, []time.Duration{0, s / 2, s/2 + s, s/2 + 3*s, s/2 + 7*s}, "", four},
		{"a try that stalls ends after a minute", []error{errStall}, 0, []time.Duration{0, 60*s + s/2}, "", nil},
		{"not past the caller's deadline", []error{down, down, down, down}, 3 * s, []time.Duration{0, s / 2, s/2 + s}, "code Unavailable after 3 tries", nil},
		{"no try for a message too large", []error{status.Error(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)")}, 0, []time.Duration{0}, "larger than max", nil},
		{"no try for what is refused", []error{status.Error(codes.InvalidArgument, "no")}, 0, []time.Duration{0}, "code InvalidArgument after 1 try: no", nil},
		{"no words of a failed sign-in", []error{status.Error(codes.Unauthenticated, "token ya29.secret")}, 0, []time.Duration{0}, "code Unauthenticated after 1 try", nil},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := &script{errs: test.errs, start: time.Now()}
			r := newRetrier(api, Options{})
			r.Random = func() float64 { return 0.5 }
			ctx := t.Context()
			if test.deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
				defer cancel()
			}
			_, err := r.predict(ctx, "e", test.instances, nil)
			if !reflect.DeepEqual(api.at, test.at) {
				t.Errorf("%s: tries at %v, want %v", test.name, api.at, test.at)
			}
			switch {
			case test.fails == "" && err != nil, test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("%s: error %v, want %q", test.name, err, test.fails)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("%s: the error holds a token", test.name)
			}
		})
	}
}

func TestWaitsStopGrowing(t *testing.T) {
	r := newRetrier(nil, Options{})
	r.Random = func() float64 { return 1 }
	for try, want := range map[int]time.Duration{1: time.Second, 4: 8 * time.Second, 7: time.Minute, 40: time.Minute} {
		if got := r.Wait(try); got != want {
			t.Errorf("at most %v before try %d, want %v", got, try+1, want)
		}
	}
}

func TestRetryBudgetAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{start: time.Now()}
		for range 1000 {
			api.errs = append(api.errs, status.Error(codes.Unavailable, ""))
		}
		r := newRetrier(api, Options{Rate: 2})
		for range 100 {
			if _, err := r.predict(t.Context(), "e", nil, nil); err == nil {
				t.Fatal("no error")
			}
		}
		// The first 20 requests take 5 tries each; by then the budget is spent.
		if n := len(api.at); n != 100+20*4 {
			t.Errorf("%d tries for 100 requests to a service that is down", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &script{start: time.Now()}
		r := newRetrier(api, Options{Rate: 4})
		for range 9 {
			if _, err := r.predict(t.Context(), "e", nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if last := api.at[8]; last != 2*time.Second {
			t.Errorf("the ninth request of four a second came after %v", last)
		}
	})
}

// elixrReply is an answer of HAIDEF in wire format.
func elixrReply(t testing.TB) []byte {
	t.Helper()
	values := func(n int) *structpb.Value {
		l := &structpb.ListValue{}
		for i := range 32 {
			row := &structpb.ListValue{}
			for j := range n {
				row.Values = append(row.Values, structpb.NewNumberValue(float64(i*n+j)/7))
			}
			l.Values = append(l.Values, structpb.NewListValue(row))
		}
		return structpb.NewListValue(l)
	}
	r := &aiplatformpb.PredictResponse{DeployedModelId: "1", Predictions: []*structpb.Value{structpb.NewStructValue(&structpb.Struct{
		Fields: map[string]*structpb.Value{"general_img_emb": values(768), "contrastive_img_emb": values(128)},
	})}}
	b, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(reply []byte) ([]float32, error) {
	list, err := predictions(reply)
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("%d predictions: %w", len(list), err)
	}
	v, err := member(list[0], "general_img_emb")
	if err != nil {
		return nil, err
	}
	return tensor(v, 32, 768)
}

func TestDecode(t *testing.T) {
	reply := elixrReply(t)
	v, err := decode(reply)
	if err != nil || len(v) != 32*768 || v[1000] != float32(1000./7) {
		t.Fatalf("%d values, error %v", len(v), err)
	}
	if n := testing.AllocsPerRun(10, func() { decode(reply) }); n > 100 {
		t.Errorf("%v allocations", n)
	}
	for cut := range len(reply) / 997 {
		if _, err := decode(reply[:cut*997]); err == nil {
			t.Errorf("%d bytes of %d were enough", cut*997, len(reply))
		}
	}
}

func FuzzDecode(f *testing.F) {
	small, err := proto.Marshal(&aiplatformpb.PredictResponse{Predictions: []*structpb.Value{structpb.NewStringValue("x"), structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNumberValue(1)}})}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := predictions(data)
		if err != nil {
			return
		}
		for _, v := range list {
			if x, err := tensor(v, 1); err == nil && len(x) != 1 {
				t.Fatalf("%d values", len(x))
			}
			member(v, "embedding")
			refusal(v, nil)
			new(scaleKeeper).read(v)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	reply := elixrReply(b)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(reply); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("structpb", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r aiplatformpb.PredictResponse
			if err := proto.Unmarshal(reply, &r); err != nil {
				b.Fatal(err)
			}
			out := make([]float32, 0, 32*768)
			for _, row := range r.Predictions[0].GetStructValue().Fields["general_img_emb"].GetListValue().Values {
				for _, v := range row.GetListValue().Values {
					out = append(out, float32(v.GetNumberValue()))
				}
			}
			if len(out) != 32*768 {
				b.Fatal(len(out))
			}
		}
	})
}
