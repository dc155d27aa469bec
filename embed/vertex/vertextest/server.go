// Package vertextest is a stand-in for Vertex AI: a gRPC server in this process
// that speaks the four protocols of package vertex, answers deterministically,
// and misbehaves on script. Examples and tests run against it, without an
// account.
package vertextest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"net"
	"path"
	"strconv"
	"sync"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/cxrkit/cxrkit/internal/tfexample"
)

// A Fault is what goes wrong with one call. The zero Fault is none.
type Fault struct {
	Code    codes.Code             // answer with this code
	Details []protoadapt.MessageV1 // of it, as errdetails.RetryInfo
	After   int                    // seconds that retry-after asks for
	Stall   time.Duration          // wait first, or until the caller gives up
	Reset   bool                   // end the connection without an answer

	Missing, Extra bool // a prediction too few, or too many
	Shape          bool // a number too few in each list
	NaN            bool // in place of the first number
	Refuse         bool // an error object for the first instance
}

// Options of a server. Nil means the zero value.
type Options struct {
	Fault   func(call int) Fault // told the number of the call, from 0; nil: no faults
	Latency time.Duration        // of every answer
	Keep    bool                 // requests, for Requests
}

// A Server answers until it is closed.
type Server struct {
	aiplatformpb.UnimplementedPredictionServiceServer
	options  Options
	listener net.Listener
	grpc     *grpc.Server

	mu       sync.Mutex
	calls    int
	requests [][]byte
}

// NewServer starts a server on a free port of this machine.
func NewServer(o *Options) (*Server, error) {
	if o == nil {
		o = &Options{}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("vertextest: %w", err)
	}
	s := &Server{options: *o, listener: l, grpc: grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))}
	aiplatformpb.RegisterPredictionServiceServer(s.grpc, s)
	go s.grpc.Serve(l)
	return s, nil
}

// Addr is where to connect, without TLS.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all calls.
func (s *Server) Close() { s.grpc.Stop() }

// Calls is how many calls came.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Requests is the bytes of all requests, if they are kept.
func (s *Server) Requests() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Predict answers one call.
func (s *Server) Predict(ctx context.Context, r *aiplatformpb.PredictRequest) (*aiplatformpb.PredictResponse, error) {
	s.mu.Lock()
	call := s.calls
	s.calls++
	if s.options.Keep {
		if b, err := proto.Marshal(r); err == nil {
			s.requests = append(s.requests, b)
		}
	}
	s.mu.Unlock()
	var f Fault
	if s.options.Fault != nil {
		f = s.options.Fault(call)
	}
	if err := wait(ctx, s.options.Latency+f.Stall); err != nil {
		return nil, err
	}
	if f.After > 0 {
		grpc.SetTrailer(ctx, metadata.Pairs("retry-after", strconv.Itoa(f.After)))
	}
	switch {
	case f.Reset:
		return nil, status.Error(codes.Unavailable, "connection reset by peer")
	case f.Code != codes.OK:
		return nil, failure(f)
	}
	out := &aiplatformpb.PredictResponse{DeployedModelId: "fake", ModelVersionId: "1"}
	for i, instance := range r.Instances {
		v, err := answer(path.Base(r.Endpoint), instance)
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if i == 0 && f.Refuse {
			v = object("error", object("description", structpb.NewStringValue("Failed to get prediction for instance.")))
		}
		spoil(v, f)
		out.Predictions = append(out.Predictions, v)
	}
	switch {
	case f.Missing:
		out.Predictions = out.Predictions[1:]
	case f.Extra:
		out.Predictions = append(out.Predictions, structpb.NewNullValue())
	}
	return out, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func failure(f Fault) error {
	s := status.New(f.Code, "scripted fault")
	if with, err := s.WithDetails(f.Details...); err == nil {
		s = with
	}
	return s.Err()
}

// spoil does to every list of numbers in a value what the fault says.
func spoil(v *structpb.Value, f Fault) {
	if !f.Shape && !f.NaN {
		return
	}
	switch k := v.Kind.(type) {
	case *structpb.Value_StructValue:
		for _, m := range k.StructValue.Fields {
			spoil(m, f)
		}
	case *structpb.Value_ListValue:
		values := k.ListValue.Values
		if _, nested := values[0].Kind.(*structpb.Value_ListValue); nested {
			for _, m := range values {
				spoil(m, f)
			}
			return
		}
		if f.NaN {
			values[0] = structpb.NewNumberValue(math.NaN())
		}
		if f.Shape {
			k.ListValue.Values = values[1:]
		}
	}
}

// Endpoint ids that tell the server what to be.
const (
	V1        = "v1"
	ElixrC    = "elixr-c"
	ElixrB    = "elixr-b"
	HAIDEF    = "haidef"
	MedSigLIP = "medsiglip"
)

// answer is the prediction of an endpoint for one instance. Numbers are drawn by
// a hash of the film's pixels, the text or the reference, so that equal input
// has equal answers.
func answer(endpoint string, instance *structpb.Value) (*structpb.Value, error) {
	m := instance.GetStructValue().GetFields()
	switch endpoint {
	case V1, ElixrC:
		seed, err := seedOfExample(m["b64"].GetStringValue())
		if err != nil {
			return nil, err
		}
		if endpoint == V1 {
			return list(lists(seed, 1376)), nil
		}
		return list(lists(seed, 8, 8, 1376)), nil
	case ElixrB:
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(instance)
		return elixr(seedOf(b), "img_emb", "all_contrastive_img_emb", "contrastive_txt_emb"), err
	case HAIDEF:
		seed, err := seedOfInstance(m, "input_bytes", "gcs_uri", "dicomweb_uri", "prompt_query")
		v := elixr(seed, "general_img_emb", "contrastive_img_emb", "contrastive_txt_emb")
		if prompt := m["prompt_query"]; prompt != nil {
			v.GetStructValue().Fields["contrastive_txt_emb"] = lists(seedOf([]byte(prompt.GetStringValue())), 128)
		}
		return v, err
	case MedSigLIP:
		if film := m["image"]; film != nil {
			m = film.GetStructValue().GetFields()
		}
		seed, err := seedOfInstance(m, "input_bytes", "gcs_uri", "dicomweb_uri", "text")
		return object("embedding", lists(seed, 1152)), err
	}
	return nil, fmt.Errorf("no endpoint %q here", endpoint)
}

// seedOfInstance takes the one field of several that an instance has.
func seedOfInstance(m map[string]*structpb.Value, names ...string) (uint32, error) {
	for _, name := range names {
		v := m[name]
		switch {
		case v == nil:
		case name == "input_bytes":
			data, err := base64.StdEncoding.DecodeString(v.GetStringValue())
			if err != nil {
				return 0, err
			}
			return seedOfFilm(data)
		default:
			return seedOf([]byte(v.GetStringValue())), nil
		}
	}
	return 0, fmt.Errorf("instance without any of %q", names)
}

func seedOfExample(b64 string) (uint32, error) {
	data, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return 0, err
	}
	features, err := tfexample.Parse(data)
	if err != nil {
		return 0, err
	}
	for _, f := range features {
		if f.Name == "image/encoded" && len(f.Bytes) == 1 {
			return seedOfFilm(f.Bytes[0])
		}
	}
	return 0, errors.New("example without image/encoded")
}

func seedOfFilm(data []byte) (uint32, error) {
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	switch m := m.(type) {
	case *image.Gray16:
		return seedOf(m.Pix), nil
	case *image.Gray:
		return seedOf(m.Pix), nil
	}
	return 0, fmt.Errorf("film of type %T", m)
}

func seedOf(data []byte) uint32 {
	sum := sha256.Sum256(data)
	return binary.BigEndian.Uint32(sum[:])
}

func elixr(seed uint32, general, contrastive, text string) *structpb.Value {
	return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
		general: lists(seed, 32, 768), contrastive: lists(seed, 32, 128), text: lists(seed, 128),
	}})
}

func object(name string, v *structpb.Value) *structpb.Value {
	return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{name: v}})
}

func list(values ...*structpb.Value) *structpb.Value {
	return structpb.NewListValue(&structpb.ListValue{Values: values})
}

// lists are nested lists of the numbers Value gives, from k = 0.
func lists(seed uint32, shape ...int) *structpb.Value {
	k := 0
	var build func(shape []int) *structpb.Value
	build = func(shape []int) *structpb.Value {
		l := &structpb.ListValue{Values: make([]*structpb.Value, shape[0])}
		for i := range l.Values {
			if len(shape) > 1 {
				l.Values[i] = build(shape[1:])
				continue
			}
			l.Values[i] = structpb.NewNumberValue(float64(Value(seed, k)))
			k++
		}
		return structpb.NewListValue(l)
	}
	return build(shape)
}

// Value is number k of an answer, -1 to below 1.
func Value(seed uint32, k int) float32 {
	return (float32((uint32(k)+seed)*2654435761>>22) - 512) / 512
}
