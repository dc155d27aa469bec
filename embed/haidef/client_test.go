package haidef_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/haidef"
)

var schemas = []haidef.Schema{haidef.CXRFoundation, haidef.MedSigLIP}

// Through a Handler and a Client an Embedder is what it was.
func TestContract(t *testing.T) {
	for _, schema := range schemas {
		t.Run(schema.String(), func(t *testing.T) {
			embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder {
				m := newModel()
				s := serve(t, handler(t, m, &haidef.HandlerOptions{Schema: schema}))
				return client(t, s.URL, func(o *haidef.Options) { o.Schema, o.Space = schema, m.space })
			})
		})
	}
}

func TestRoundTripKeepsEveryBit(t *testing.T) {
	for _, schema := range schemas {
		m := both{newModel()}
		s := serve(t, handler(t, m, &haidef.HandlerOptions{Schema: schema}))
		c := client(t, s.URL, func(o *haidef.Options) { o.Schema, o.Space, o.MaxBatch = schema, m.space, 3 })
		list := films(cxr.Standard, 8)
		got, err := c.Embed(t.Context(), list...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Embed(t.Context(), list...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !slices.Equal(got[i].Values, want[i].Values) || got[i].Space != want[i].Space || got[i].ID != want[i].ID {
				t.Errorf("%v: %v, want %v", schema, got[i], want[i])
			}
		}
		words, err := c.EmbedText(t.Context(), "pleural effusion", "\"quoted\" \u2028 \\ <b>")
		if err != nil || words[1].Dim != 5 || !slices.Equal(words[1].Values, valuesOf([]byte("\"quoted\" \u2028 \\ <b>"), 5)) {
			t.Errorf("%v: %v, error %v", schema, words, err)
		}
		if err := c.Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestGooglesContainers(t *testing.T) {
	for _, test := range []struct {
		schema      haidef.Schema
		contrastive bool
		wrapped     bool
		want        string
		text        int
	}{
		{haidef.CXRFoundation, false, false, "32 x 768 by hai-def-cxr-foundation, recipe haidef/1", 128},
		{haidef.CXRFoundation, true, true, "32 x 128 by hai-def-cxr-foundation-contrastive, recipe haidef/1", 128},
		{haidef.MedSigLIP, false, true, "1 x 1152 by medsiglip, recipe medsiglip/1", 1152},
	} {
		s := newStandIn(t, test.schema, func(int) fault { return fault{wrapped: test.wrapped} })
		c := client(t, s.URL+"/", func(o *haidef.Options) { o.Schema, o.Contrastive = test.schema, test.contrastive })
		v, err := c.Embed(t.Context(), films(c.Space().Recipe, 2)...)
		if err != nil || v[1].Space.String() != test.want || v[1].Validate() != nil {
			t.Errorf("%v, error %v, want %s", v, err, test.want)
		}
		words, err := c.EmbedText(t.Context(), "effusion")
		if err != nil || words[0].Dim != test.text {
			t.Errorf("%v, error %v", words, err)
		}
		// A film of 16 bits is white there: 8 are sent.
		var r struct {
			Instances []struct {
				Bytes []byte `json:"input_bytes"`
				Image struct {
					Bytes []byte `json:"input_bytes"`
				}
			}
		}
		if err := json.Unmarshal(s.requests[0], &r); err != nil {
			t.Fatal(err)
		}
		if png := append(r.Instances[0].Bytes, r.Instances[0].Image.Bytes...); png[24] != 8 { // bits, in IHDR
			t.Errorf("a PNG of %d bits", png[24])
		}
	}
}

// Whatever goes wrong: a result or an error for each film, in order, and what is
// temporary costs nothing but tries.
func TestFaults(t *testing.T) {
	always := func(f fault) func(int) fault { return func(int) fault { return f } }
	first := func(f fault) func(int) fault {
		return func(call int) fault {
			if call == 0 {
				return f
			}
			return fault{}
		}
	}
	faults := []struct {
		name   string
		fault  func(int) fault
		failed int    // films, of a batch of four; -1: all
		calls  int    // that a batch of one makes
		says   string // of the error
	}{
		{"none", nil, 0, 1, ""},
		{"busy once", first(fault{status: 429}), 0, 2, ""},
		{"unavailable once", first(fault{status: 503}), 0, 2, ""},
		{"a bad gateway once", first(fault{status: 502}), 0, 2, ""},
		{"late once", first(fault{status: 504}), 0, 2, ""},
		{"a request timeout once", first(fault{status: 408}), 0, 2, ""},
		{"internal error once", first(fault{status: 500}), 0, 2, ""},
		{"a reset once", first(fault{reset: true}), 0, 2, ""},
		{"a stall once", first(fault{stall: true}), 0, 2, ""},
		{"an answer cut off once", first(fault{cut: true}), 0, 2, ""},
		{"always busy", always(fault{status: 429}), -1, 5, "status 429 after 5 tries"},
		{"always internal error", always(fault{status: 500}), -1, 5, "status 500 after 5 tries: Internal server error."},
		{"always reset", always(fault{reset: true}), -1, 5, "no answer after 5 tries: connection lost"},
		{"always cut off", always(fault{cut: true}), -1, 5, "no answer after 5 tries: connection lost"},
		{"no permission", always(fault{status: 403}), -1, 1, "status 403 after 1 try"},
		{"no sign-in", always(fault{status: 401}), -1, 1, "status 401 after 1 try"},
		{"no such route", always(fault{status: 404}), -1, 1, "status 404 after 1 try"},
		{"a redirect", always(fault{redirect: true}), -1, 1, "status 307 after 1 try"},
		{"bad request", always(fault{status: 400}), -1, 1, "status 400 after 1 try"},
		{"bad request once: each alone", first(fault{status: 400}), 0, 1, ""},
		{"too large a request once: each alone", first(fault{status: 413}), 0, 1, ""},
		{"the whole request refused with status 200", always(fault{none: true}), -1, 1, "refused one instance with code INVALID_REQUEST_FIELD_ERROR"},
		{"the whole request refused once: each alone", first(fault{none: true}), 0, 1, ""},
		{"a page of HTML", always(fault{page: true}), -1, 1, "is not JSON"},
		{"a prediction missing", always(fault{missing: true}), -1, 1, "predictions"},
		{"a prediction too many", always(fault{extra: true}), -1, 1, "predictions for"},
		{"an empty prediction", always(fault{empty: true}), -1, 1, "has no "},
		{"a wrong shape", always(fault{shape: true}), -1, 1, "want ["},
		{"null for a number", always(fault{null: true}), -1, 1, "something else where a number belongs"},
		{"not a number", always(fault{nan: true}), -1, 1, "is not JSON"},
		{"one instance refused", always(fault{refuse: true}), 1, 1, "the container refused one instance"},
	}
	for _, schema := range schemas {
		for _, f := range faults {
			for _, batch := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s/%s/%d", schema, f.name, batch), func(t *testing.T) {
					if testing.Short() && schema == haidef.CXRFoundation && batch > 1 {
						t.Skip("answers of 28,672 numbers, a hundred times")
					}
					t.Parallel()
					s := newStandIn(t, schema, f.fault)
					c := client(t, s.URL, func(o *haidef.Options) {
						o.Schema = schema
						if f.name == "a stall once" {
							o.Retry.Timeout = time.Second // longer than any answer takes on a busy machine
						}
					})
					v, err := c.Embed(t.Context(), films(c.Space().Recipe, batch)...)
					failed := 0
					var b *embed.BatchError
					if errors.As(err, &b) {
						for i, err := range b.Errors {
							if (err == nil) == (v[i] == nil) {
								t.Errorf("film %d: result %v, error %v", i, v[i] != nil, err)
							}
							if err != nil {
								failed++
								if !strings.Contains(err.Error(), f.says) {
									t.Errorf("error %v, want %q", err, f.says)
								}
							}
						}
					} else if err != nil {
						t.Fatal(err)
					}
					want := f.failed
					if want < 0 || strings.HasSuffix(f.name, "each alone") && batch == 1 {
						want = batch
					}
					if failed != want {
						t.Errorf("%d of %d films failed, want %d: %v", failed, batch, want, err)
					}
					for i, e := range v {
						if e != nil && e.ID != fmt.Sprintf("film%d", i) {
							t.Errorf("result %d is of %s", i, e.ID)
						}
					}
					if batch == 1 && s.count() != f.calls {
						t.Errorf("%d calls, want %d", s.count(), f.calls)
					}
				})
			}
		}
	}
}

func TestDeadContainer(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c := client(t, s.URL, nil)
	_, err := c.Embed(t.Context(), films(cxr.HAIDEF, 1)...)
	if err == nil || !strings.Contains(err.Error(), "no answer after 5 tries: connection refused") {
		t.Error(err)
	}
	if err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	slow := newStandIn(t, haidef.CXRFoundation, func(int) fault { return fault{stall: true} })
	if _, err := client(t, slow.URL, nil).Embed(ctx, films(cxr.HAIDEF, 1)...); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	s := newStandIn(t, haidef.MedSigLIP, func(call int) fault {
		if call == 0 {
			return fault{status: 503, after: 1}
		}
		return fault{}
	})
	c := client(t, s.URL, func(o *haidef.Options) { o.Schema, o.Retry.Longest = haidef.MedSigLIP, time.Minute })
	start := time.Now()
	if _, err := c.Embed(t.Context(), films(cxr.MedSigLIP, 1)...); err != nil || time.Since(start) < time.Second {
		t.Errorf("after %v, error %v", time.Since(start), err)
	}
}

// What a container says of a text that it was sent is not repeated, nor is what
// only looks like it.
func TestWordsOfTextsAreLeftOut(t *testing.T) {
	const secret = "Jane Doe 1957-03-02"
	for _, schema := range schemas {
		for _, f := range []fault{{status: 400, message: "bad text Jane Doe, born 1957-03-02"}, {refuse: true, message: "cannot read 'DOE' of Jane"}} {
			s := newStandIn(t, schema, func(int) fault { return f })
			c := client(t, s.URL, func(o *haidef.Options) { o.Schema = schema })
			_, err := c.EmbedText(t.Context(), secret)
			told := strings.ToLower(fmt.Sprintf("%v %+v", err, c))
			if err == nil || strings.Contains(told, "jane") || strings.Contains(told, "doe") || strings.Contains(told, "1957") {
				t.Errorf("%s", told)
			}
		}
	}
}

func TestLimitsOfRequests(t *testing.T) {
	s := newStandIn(t, haidef.CXRFoundation, nil)
	c := client(t, s.URL, func(o *haidef.Options) { o.MaxBatch, o.Parallel = 4, 1 })
	if _, err := c.Embed(t.Context(), films(cxr.HAIDEF, 10)...); err != nil || s.count() != 3 {
		t.Errorf("%d calls for 10 films by 4, error %v", s.count(), err)
	}
	two := len(s.requests[0]) // about four films
	s = newStandIn(t, haidef.CXRFoundation, nil)
	c = client(t, s.URL, func(o *haidef.Options) { o.MaxBytes = two / 2 })
	if _, err := c.Embed(t.Context(), films(cxr.HAIDEF, 10)...); err != nil {
		t.Error(err)
	}
	for _, r := range s.requests {
		if len(r) > two/2 {
			t.Errorf("request of %d bytes, the limit is %d", len(r), two/2)
		}
	}
	c = client(t, s.URL, func(o *haidef.Options) { o.MaxBytes = 100 })
	if _, err := c.Embed(t.Context(), films(cxr.HAIDEF, 1)...); !errors.Is(err, cxr.ErrTooLarge) {
		t.Error(err)
	}
}

func TestClientOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]*haidef.Options{
		"no options":               nil,
		"URL is not of the form":   {URL: "127.0.0.1:8080"},
		"not of the form":          {URL: "ftp://127.0.0.1"},
		"user, query or fragment":  {URL: "https://me:secret@127.0.0.1"},
		"fragment":                 {URL: "https://127.0.0.1?token=secret"},
		"cross the network":        {URL: "http://10.0.0.7:8080"},
		"begin with /":             {URL: "http://127.0.0.1:8080", PredictRoute: "predict"},
		"schema 9":                 {URL: "http://127.0.0.1:8080", Schema: 9},
		"one kind of embedding":    {URL: "http://127.0.0.1:8080", Schema: haidef.MedSigLIP, Contrastive: true},
		"Parallel -1":              {URL: "http://127.0.0.1:8080", Parallel: -1},
		"Retry of -1 tries":        {URL: "http://127.0.0.1:8080", Retry: &haidef.Retry{Tries: -1}},
		"a model's name and shape": {URL: "http://127.0.0.1:8080", Space: cxr.Space{Model: "m"}},
	} {
		_, err := haidef.New(o)
		if want == "a model's name and shape" {
			want = "want a model's name and a shape"
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := haidef.New(&haidef.Options{URL: "http://10.0.0.7:8080", Plain: true}); err != nil {
		t.Error(err)
	}
	for _, schema := range schemas {
		text, err := schema.MarshalText()
		back := haidef.Schema(9)
		if err := errors.Join(err, back.UnmarshalText(text)); err != nil || back != schema {
			t.Errorf("%v comes back as %v, error %v", schema, back, err)
		}
	}
	if s := haidef.Schema(0); s.UnmarshalText([]byte("x")) == nil {
		t.Error("no error")
	}
}
