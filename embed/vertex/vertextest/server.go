// Package vertextest is a stand-in for Vertex AI: a gRPC server in this process
// that speaks the four protocols of package vertex, answers deterministically,
// and misbehaves on script. Examples and tests run against it, without an
// account.
package vertextest

import (
	"context"
	"fmt"
	"net"
	"path"
	"strconv"
	"sync"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// A Fault is what goes wrong with one call. The zero Fault is none.
type Fault struct {
	Code    codes.Code             // answer with this code
	Message string                 // what the service says to Code or Refuse; empty: a fixed text
	Details []protoadapt.MessageV1 // of Code, as errdetails.RetryInfo
	After   int                    // seconds that retry-after asks for
	Stall   time.Duration          // wait first, or until the caller gives up
	Reset   bool                   // reset the TCP connection, on which other calls may be waiting too

	Missing, Extra bool // a prediction too few, or too many
	None           bool // no predictions: how MedSigLIP refuses a request that it cannot parse
	Shape          bool // a number too few in each list
	NaN            bool // in place of the first number of each list
	Refuse         bool // an error object for the first instance
}

// Options of a server. Nil means the zero value.
type Options struct {
	Fault   func(call int) Fault // told the number of the call, from 0; nil: no faults. It may block
	Latency time.Duration        // of every answer
	Keep    bool                 // requests and their metadata, for Requests and Metadata
}

// A Server answers until it is closed.
type Server struct {
	aiplatformpb.UnimplementedPredictionServiceServer
	options  Options
	listener *listener
	grpc     *grpc.Server

	mu               sync.Mutex
	calls, now, most int
	requests         [][]byte
	metadata         []metadata.MD
}

// NewServer starts a server on a free port of this machine, without TLS unless
// an option of gRPC brings it.
func NewServer(o *Options, more ...grpc.ServerOption) (*Server, error) {
	if o == nil {
		o = &Options{}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("vertextest: %w", err)
	}
	s := &Server{
		options: *o, listener: &listener{Listener: l, conns: map[string]net.Conn{}},
		grpc: grpc.NewServer(append([]grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20), grpc.ForceServerCodecV2(newRawCodec())}, more...)...),
	}
	aiplatformpb.RegisterPredictionServiceServer(s.grpc, s)
	go s.grpc.Serve(s.listener)
	return s, nil
}

// A listener knows its connections, so that they can be reset.
type listener struct {
	net.Listener
	mu    sync.Mutex
	conns map[string]net.Conn // by the caller's address
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.conns[c.RemoteAddr().String()] = c
	l.mu.Unlock()
	return &conn{c, l}, nil
}

// reset ends a connection without the courtesies of TCP.
func (l *listener) reset(caller string) {
	l.mu.Lock()
	c := l.conns[caller]
	l.mu.Unlock()
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
		tcp.Close()
	}
}

// A conn is forgotten once closed.
type conn struct {
	net.Conn
	l *listener
}

func (c *conn) Close() error {
	c.l.mu.Lock()
	delete(c.l.conns, c.RemoteAddr().String())
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// Addr is where to connect.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all calls.
func (s *Server) Close() { s.grpc.Stop() }

// Calls is how many calls came.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Most is how many calls there were at once, at most.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Requests is the bytes of all requests, if they are kept.
func (s *Server) Requests() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Metadata is what came with the requests, if they are kept.
func (s *Server) Metadata() []metadata.MD {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metadata
}

// begin counts a call, and end ends it.
func (s *Server) begin(ctx context.Context, request []byte) (call int, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call = s.calls
	s.calls++
	s.now++
	s.most = max(s.most, s.now)
	if s.options.Keep {
		md, _ := metadata.FromIncomingContext(ctx)
		s.requests, s.metadata = append(s.requests, request), append(s.metadata, md)
	}
	return call, func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}
}

// Predict answers one call.
func (s *Server) Predict(ctx context.Context, r *aiplatformpb.PredictRequest) (*aiplatformpb.PredictResponse, error) {
	raw, err := wire(r)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	call, end := s.begin(ctx, raw)
	defer end()
	endpoint, instances, err := parse(raw)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
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
		if p, ok := peer.FromContext(ctx); ok {
			s.listener.reset(p.Addr.String())
		}
		<-ctx.Done() // the end of the connection
		return nil, status.FromContextError(ctx.Err()).Err()
	case f.Code != codes.OK:
		return nil, failure(f)
	}
	var out predictions
	for i, instance := range instances {
		v, err := answer(path.Base(endpoint), instance, f)
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if i == 0 && f.Refuse {
			v = refusal(path.Base(endpoint), f)
		}
		out = append(out, v)
	}
	switch {
	case f.None:
		out = nil
	case f.Missing:
		out = out[1:]
	case f.Extra:
		out = append(out, null)
	}
	return out.response(), nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func failure(f Fault) error {
	message := f.Message
	if message == "" {
		message = "scripted fault"
	}
	s := status.New(f.Code, message)
	if with, err := s.WithDetails(f.Details...); err == nil {
		s = with
	}
	return s.Err()
}
