package vertex_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

// Film 1 of three makes the service fail with some code. Where that may be the
// film's fault the others are sent alone and succeed; where it is the service's,
// all wait for it together.
func TestWhichFailuresSplitABatch(t *testing.T) {
	splits := map[codes.Code]int{ // tries of the batch before
		codes.InvalidArgument: 1, codes.FailedPrecondition: 1, codes.OutOfRange: 1, codes.DataLoss: 1, codes.Internal: 2, codes.Unknown: 2,
	}
	whole := map[codes.Code]int{ // tries of the batch in all
		codes.Unavailable: 5, codes.ResourceExhausted: 5, codes.NotFound: 1, codes.PermissionDenied: 1, codes.Unauthenticated: 1, codes.Unimplemented: 1,
	}
	for code, tries := range splits {
		alone := 1 // tries of the film alone
		if tries > 1 {
			alone = 5
		}
		// The batch, film 0, film 1 as often as is tried, film 2.
		c, s := client(t, vertex.V1, &vertextest.Options{Fault: func(call int) vertextest.Fault {
			if call < tries || call > tries && call <= tries+alone {
				return vertextest.Fault{Code: code}
			}
			return vertextest.Fault{}
		}}, nil)
		v, err := c.Embed(t.Context(), films(c.Space(), 3)...)
		var b *embed.BatchError
		if !errors.As(err, &b) || v[0] == nil || v[1] != nil || v[2] == nil || s.Calls() != tries+alone+2 {
			t.Errorf("%v: %d calls, want %d, error %v", code, s.Calls(), tries+alone+2, err)
			continue
		}
		var e *vertex.Error
		if !errors.As(b.Errors[1], &e) || e.Code != code.String() || e.Tries != alone {
			t.Errorf("%v: error %v", code, b.Errors[1])
		}
	}
	for code, tries := range whole {
		c, s := client(t, vertex.V1, &vertextest.Options{Fault: func(int) vertextest.Fault { return vertextest.Fault{Code: code} }}, nil)
		v, err := c.Embed(t.Context(), films(c.Space(), 3)...)
		if err == nil || v[0] != nil || v[1] != nil || v[2] != nil || s.Calls() != tries {
			t.Errorf("%v: %d calls, want %d, error %v", code, s.Calls(), tries, err)
		}
	}
	// Two films together are more than the endpoint takes.
	c, s := client(t, vertex.V1, &vertextest.Options{Fault: func(call int) vertextest.Fault {
		if call == 0 {
			return vertextest.Fault{Code: codes.ResourceExhausted, Message: "grpc: received message larger than max (9 vs. 8)"}
		}
		return vertextest.Fault{}
	}}, nil)
	if v, err := c.Embed(t.Context(), films(c.Space(), 2)...); err != nil || v[1] == nil || s.Calls() != 3 {
		t.Errorf("%d calls, error %v", s.Calls(), err)
	}
	// A request that MedSigLIP cannot parse has an answer without predictions.
	c, s = client(t, vertex.MedSigLIP, &vertextest.Options{Fault: func(call int) vertextest.Fault { return vertextest.Fault{None: call < 2} }}, nil)
	if v, err := c.Embed(t.Context(), films(c.Space(), 3)...); err == nil || v[0] != nil || v[1] == nil || v[2] == nil || s.Calls() != 4 {
		t.Errorf("%d calls, error %v", s.Calls(), err)
	}
}

// A refused instance tells its code, and what was said if anything was.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		protocol            vertex.Protocol
		message, code, told string
	}{
		{vertex.MedSigLIP, "", "DICOM_ERROR", "vertex: the endpoint refused one instance with code DICOM_ERROR"},
		{vertex.MedSigLIP, "no pixels in it", "DICOM_ERROR", "vertex: the endpoint refused one instance with code DICOM_ERROR: no pixels in it"},
		{vertex.HAIDEF, "", "", "vertex: the endpoint refused one instance: Failed to get prediction for instance."},
	} {
		c, _ := client(t, test.protocol, &vertextest.Options{Fault: func(int) vertextest.Fault {
			return vertextest.Fault{Refuse: true, Message: test.message}
		}}, nil)
		v, err := c.Embed(t.Context(), films(c.Space(), 2)...)
		var r *vertex.Refusal
		if !errors.As(err, &r) || r.Code != test.code || r.Error() != test.told || v[1] == nil {
			t.Errorf("%s: error %v", test.protocol, err)
		}
	}
}

// A reset is one of TCP: it does not come as a status, and other calls on the
// connection see it.
func TestReset(t *testing.T) {
	for protocol := range endpoints {
		c, s := client(t, protocol, &vertextest.Options{Fault: func(call int) vertextest.Fault { return vertextest.Fault{Reset: true} }}, nil)
		_, err := c.Embed(t.Context(), film(c.Space(), 1))
		var e *vertex.Error
		if !errors.As(err, &e) || e.Code != codes.Unavailable.String() || s.Calls() != 5 || strings.Contains(fmt.Sprint(err), "127.0.0.1") {
			t.Errorf("%s: %d calls, error %v", protocol, s.Calls(), err)
		}
	}
	// The first call resets the connection that three others wait on; all are
	// made again.
	all := make(chan struct{})
	c, s := client(t, vertex.V1, &vertextest.Options{Fault: func(call int) vertextest.Fault {
		switch {
		case call == 3:
			close(all)
			return vertextest.Fault{Reset: true}
		case call < 3:
			<-all
			return vertextest.Fault{Stall: 1 << 40}
		}
		return vertextest.Fault{}
	}}, func(o *vertex.Options) { o.MaxBatch = 1 })
	if _, err := c.Embed(t.Context(), films(c.Space(), 4)...); err != nil || s.Calls() != 8 {
		t.Errorf("%d calls, error %v", s.Calls(), err)
	}
}
